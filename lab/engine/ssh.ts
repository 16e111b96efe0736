/**
 * The way to an engine that is reached by SSH, as the docker command has it (docker/cli, `cli/connhelper`): the system's own ssh, which
 * knows this person's keys, known hosts and ~/.ssh/config, runs `docker system dial-stdio` there, and HTTP goes over its stdin and
 * stdout. So what Docker Compose reaches is reached here too, and no host is talked to whose key nobody knows. Nobody is ever asked
 * for a password.
 */
import {type ChildProcessByStdio, spawn} from 'node:child_process'
import type {Socket} from 'node:net'
import {Duplex} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {LabError} from '../words/errors.ts'
import {type Hint, next, quoted, shell} from '../words/next-step.ts'
import {printable} from '../words/printable.ts'

// Not imported: an import reads every name that a part of Node has, and of http some load undici, which takes longer than a short command.
const {Agent} = process.getBuiltinModule('node:http')

/** sshd turns some away at random from ten connections on that have not logged in yet (MaxStartups). */
const mostAtOnce = 4
const turnedAway = /kex_exchange_identification|Connection (?:closed|reset) by .* port \d+/
/** Others begin connections too, and nothing has been asked by then. */
const mostTries = 4
const pauseMs = 250
/** What an idle connection costs is two processes here and there; what a new one costs is a tenth of a second of theirs. */
const mostIdle = 16

interface SshAddress {
  readonly host: string
  readonly user: string
  readonly port: string
  /** Of the engine's socket there; empty: where the docker command there looks for it. */
  readonly socket: string
}

export function isBySsh(address: string): boolean {
  return address.startsWith('ssh:')
}

/** @throws LabError `docker-missing` for what cannot be read, or has a password in it. */
function sshAddress(address: string): SshAddress {
  const url = URL.parse(address)
  const refuse = (why: string) =>
    new LabError('docker-missing', `the Docker engine's address ${why}`, {hint: 'write it as ssh://me@there:22'})
  // What is shown of it never has the password.
  if (url === null || url.hostname === '') throw refuse(`cannot be read: ${printable(address)}`)
  if (url.password !== '') throw refuse('has a password in it, which no ssh takes; use a key')
  const socket = url.pathname === '/' ? '' : decodeURIComponent(url.pathname)
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    user: decodeURIComponent(url.username),
    port: url.port,
    socket,
  }
}

/** Those of docker's own, and that nobody is asked anything. */
function sshArguments({host, user, port, socket}: SshAddress, connectSeconds: number): readonly string[] {
  const there = ['docker', ...(socket === '' ? [] : ['--host', quoted(`unix://${socket}`)]), 'system', 'dial-stdio']
  return [
    ...['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${connectSeconds}`],
    // What lies between forgets connections on which nothing is said; then the next question would wait for nobody.
    ...['-o', 'ServerAliveInterval=30', '-T'],
    ...login({user, port}),
    ...['--', host, ...there],
  ]
}

function login({user, port}: Pick<SshAddress, 'user' | 'port'>): readonly string[] {
  return [...(user === '' ? [] : ['-l', user]), ...(port === '' ? [] : ['-p', port])]
}

/** Keeps connections open from one request to the next; idle ones keep no process alive. */
export class SshAgent extends Agent {
  readonly address: string
  readonly #to: SshAddress
  readonly #withinMs: number
  #starting = 0
  readonly #waiting: (() => void)[] = []

  /** @param withinMs as long as one may take to begin. @throws LabError as `sshAddress` */
  constructor(address: string, withinMs: number) {
    super({keepAlive: true, maxFreeSockets: mostIdle, scheduling: 'lifo'})
    this.#to = sshAddress(address)
    this.address = address
    this.#withinMs = withinMs
  }

  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): null {
    this.#start().then(
      connection => done?.(null, connection),
      // Node wants a stream where it is told an error; it does not look at it.
      (error: Error) => done?.(error, undefined as unknown as Duplex),
    )
    return null
  }

  async #start(): Promise<Duplex> {
    if (this.#starting >= mostAtOnce) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#starting++
    try {
      for (let tries = 1; ; tries++)
        try {
          return await begun(this.#to, this.#withinMs)
        } catch (error) {
          if (tries === mostTries || !turnedAway.test((error as Error).message)) throw error
          await sleep(pauseMs * tries)
        }
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#starting--
      else next()
    }
  }
}

type Ssh = ChildProcessByStdio<Socket, Socket, Socket>

/** One connection, once an engine has answered over it: so why there is none is known before anything is asked. */
async function begun(to: SshAddress, withinMs: number): Promise<Duplex> {
  const connectSeconds = Math.max(1, Math.floor(withinMs / 1000) - 1)
  // A session of its own: a Ctrl-C ends no connection over which is to be healed, and there is no terminal to ask at.
  const child = spawn('ssh', sshArguments(to, connectSeconds), {detached: true, stdio: 'pipe'}) as unknown as Ssh
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {})
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4096)
  })
  const {promise, resolve, reject} = Promise.withResolvers<void>()
  let answer = ''
  const hear = (chunk: Buffer) => {
    answer += chunk.toString('latin1')
    if (!'HTTP/1.'.startsWith(answer.slice(0, 7))) reject(noEngine(to, answer))
    else if (answer.includes('\r\n\r\n')) resolve()
  }
  const timer = setTimeout(
    () => reject(new LabError('timeout', `${shown(to)} has not answered by SSH within ${withinMs / 1000} s`, look(to))),
    withinMs,
  )
  child.on('error', error => reject(notStarted(error)))
  child.on('close', code => reject(refusal(to, code, said)))
  child.stdout.on('data', hear)
  child.stdin.write('HEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n')
  try {
    await promise
  } catch (error) {
    child.kill()
    throw error
  } finally {
    clearTimeout(timer)
    child.stdout.off('data', hear)
  }
  return new SshConnection(child)
}

/** What HTTP asks of a socket, over a program's stdin and stdout. */
class SshConnection extends Duplex {
  readonly #child: Ssh

  constructor(child: Ssh) {
    super()
    this.#child = child
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause()
    })
    child.stdout.on('end', () => this.push(null))
    child.on('close', () => this.destroy())
    child.stderr.unref()
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, done)
  }

  /** The other end reads to its end, and may say more. */
  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.stdin.destroy()
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
    this.#child.kill()
    done(error)
  }

  ref(): this {
    for (const stream of [this.#child.stdin, this.#child.stdout]) stream.ref()
    return this
  }

  unref(): this {
    for (const stream of [this.#child.stdin, this.#child.stdout]) stream.unref()
    return this
  }

  /** ssh keeps its connection as its own settings say; and no small write waits for more, on a pipe. */
  setKeepAlive(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
}

function shown({host, user, port}: SshAddress): string {
  return `${user === '' ? '' : `${user}@`}${host.includes(':') ? `[${host}]` : host}${port === '' ? '' : `:${port}`}`
}

/** As a person types it, to see for himself. */
function typed({host, user, port}: SshAddress, ...there: readonly string[]): string {
  return ['ssh', ...login({user, port}), host, ...there].map(quoted).join(' ')
}

/** It takes no -l. */
function typedCopy({host, user, port}: SshAddress): string {
  return ['ssh-copy-id', ...login({user: '', port}), user === '' ? host : `${user}@${host}`].map(quoted).join(' ')
}

function look(to: SshAddress): {hint: Hint} {
  return {hint: next`to see where it stops: ${shell(typed({...to}, 'docker', 'version'))}`}
}

function notStarted(error: Error): LabError {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? new LabError('docker-missing', 'an engine at an ssh:// address is reached by the ssh command, which is missing', {
        ...{cause: error, hint: "install OpenSSH's client, e.g. the package openssh-client"},
      })
    : new LabError('docker-missing', `ssh could not be started: ${error.message}`, {cause: error})
}

function noEngine(to: SshAddress, answer: string): LabError {
  return new LabError(
    'docker-missing',
    `over SSH ${shown(to)} says what is no Docker engine: ${printable(answer.split('\n')[0] ?? '').slice(0, 60)}`,
    {hint: next`nothing but docker may print there: ${shell(typed(to, 'docker', 'system', 'dial-stdio'))}`},
  )
}

/** Why ssh ended before an engine had answered, by its own words and those of the docker command there. */
function refusal(to: SshAddress, code: number | null, said: string): LabError {
  const there = shown(to)
  const lines = said.split('\n').map(line => printable(line.trim()))
  const last = lines.findLast(line => line !== '') ?? ''
  const missing = (sentence: string, hint: Hint = look(to).hint) => new LabError('docker-missing', sentence, {hint})
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|host key .*has changed/i.test(said))
    return missing(
      `${there} shows another SSH host key than the one that is known: it is another machine, or was made anew`,
      next`only if you know why: ${shell(['ssh-keygen', '-R', knownAs(to)].map(quoted).join(' '))} and then, to see and accept the new one: ${shell(typed(to, 'true'))}`,
    )
  if (/Host key verification failed/.test(said))
    return missing(
      `the SSH host key of ${there} is not known here, so nobody is talked to`,
      next`to see and accept it, once: ${shell(typed(to, 'true'))}`,
    )
  const refused = /Permission denied \(([^)]*)\)/.exec(said)
  if (refused || /Too many authentication failures/.test(said))
    return missing(
      `${there} accepts no SSH key of yours, and no password is asked for`,
      next`to give it your key: ${shell(typedCopy(to))} or, where a key has a passphrase, to unlock it: ${shell('ssh-add')}`,
    )
  if (code === 127 || /docker: (?:command )?not found|not recognized as/.test(said))
    return missing(`there is no docker command on ${there}, and that is what leads to its engine`)
  const kernel = /ssh: (?:connect to host \S+ port \d+|Could not resolve hostname \S+): (.*)/.exec(said)?.[1]?.trim()
  if (kernel !== undefined) return missing(`${there} cannot be reached by SSH: ${printable(kernel)}`)
  return missing(
    code === 255
      ? `the SSH connection to ${there} ended: ${last || 'ssh said nothing'}`
      : `on ${there} the docker command reaches no engine: ${last || `it ended with ${code}`}`,
  )
}

/** As known_hosts has it. */
function knownAs({host, port}: SshAddress): string {
  return port === '' || port === '22' ? host : `[${host}]:${port}`
}
