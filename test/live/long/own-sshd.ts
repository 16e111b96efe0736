/**
 * An SSH server of a test's own, on a port of 127.0.0.1, with keys of its own: whoever logs in finds the Docker engine at one socket, as
 * on another machine. And an `ssh` for the PATH that knows its keys alone: nobody's ~/.ssh is read or written. Needs root, on Linux;
 * installs Debian's openssh-server where it is missing.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {tmpdir, userInfo} from 'node:os'
import {delimiter, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {aptInstall, aptUpdate} from '../../../lab/setup/apt.ts'

const sshd = '/usr/sbin/sshd'
const startsWithinMs = 20_000

interface OwnSshdOptions {
  readonly port: number
  /** Of the engine that its sessions find. */
  readonly socket: string
  /** One that is there already: it is reached with the same client, by the same keys. */
  readonly beside?: OwnSshd | undefined
}

export class OwnSshd implements AsyncDisposable {
  /** As DOCKER_HOST has it. */
  readonly address: string
  readonly #folder: string
  readonly #server: ChildProcess

  private constructor(folder: string, server: ChildProcess, port: number) {
    this.#folder = folder
    this.#server = server
    this.address = `ssh://${userInfo().username}@127.0.0.1:${port}`
  }

  static async start({port, socket, beside}: OwnSshdOptions): Promise<OwnSshd> {
    await mustHaveSshd()
    const folder = mkdtempSync(join(tmpdir(), 'pgha-own-sshd-'))
    const at = (name: string) => join(folder, name)
    for (const key of ['host-key', 'user-key', 'other-key'])
      if (beside === undefined) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', at(key)])
      else for (const file of [key, `${key}.pub`]) copyFileSync(join(beside.#folder, file), at(file))
    copyFileSync(at('user-key.pub'), at('authorized-keys'))
    writeFileSync(
      at('sshd-config'),
      [
        ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${at('host-key')}`, 'PidFile none'],
        ...[`AuthorizedKeysFile ${at('authorized-keys')}`, 'StrictModes no', 'UsePAM no', 'PermitRootLogin yes'],
        // It would take a password, so that a client which asks for one is seen to ask.
        'PasswordAuthentication yes',
        `SetEnv DOCKER_HOST=unix://${socket}`,
        '',
      ].join('\n'),
    )
    mkdirSync(at('bin'))
    const ssh = (await execa('sh', ['-c', 'command -v ssh'])).stdout
    writeFileSync(at('bin/ssh'), `#!/bin/sh\nexec '${ssh}' -F '${at('ssh-config')}' "$@"\n`)
    chmodSync(at('bin/ssh'), 0o755)
    const server = spawn(sshd, ['-D', '-e', '-f', at('sshd-config')], {stdio: ['ignore', 'ignore', 'pipe']})
    let said = ''
    server.stderr?.on('data', chunk => {
      said = (said + chunk).slice(-2000)
    })
    const own = new OwnSshd(folder, server, port)
    own.knows('right', 'right')
    for (let waited = 0; !(await answers(port)); waited += 100) {
      if (server.exitCode === null && waited < startsWithinMs) {
        await sleep(100)
        continue
      }
      await own[Symbol.asyncDispose]()
      throw new Error(`the test's own sshd did not start: ${said}`)
    }
    return own
  }

  /** The PATH on which `ssh` knows what it was told. */
  get path(): string {
    return `${join(this.#folder, 'bin')}${delimiter}${process.env.PATH}`
  }

  /** What the client has from now on: its key, and the server's that it knows. */
  knows(key: 'right' | 'refused', hostKey: 'right' | 'none' | 'other'): void {
    const at = (name: string) => join(this.#folder, name)
    const publicKey = (name: string) =>
      readFileSync(at(`${name}.pub`), 'utf8')
        .split(' ')
        .slice(0, 2)
        .join(' ')
    const known = {right: 'host-key', other: 'other-key', none: undefined}[hostKey]
    writeFileSync(at('known-hosts'), known === undefined ? '' : `[127.0.0.1]:* ${publicKey(known)}\n`)
    writeFileSync(
      at('ssh-config'),
      [
        ...[`IdentityFile ${at(key === 'right' ? 'user-key' : 'other-key')}`, 'IdentitiesOnly yes'],
        ...['IdentityAgent none', `UserKnownHostsFile ${at('known-hosts')}`, 'GlobalKnownHostsFile /dev/null', ''],
      ].join('\n'),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.exitCode === null && this.#server.signalCode === null) {
      const ended = once(this.#server, 'exit')
      this.#server.kill()
      await ended
    }
    rmSync(this.#folder, {recursive: true, force: true})
  }
}

async function mustHaveSshd(): Promise<void> {
  if (!existsSync(sshd)) {
    const missing = `a test of engines that are reached by SSH needs ${sshd}`
    if (process.env.PGHA_LAB_SETUP === 'never' || !existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0)
      throw new Error(`${missing}. Install it: apt-get install openssh-server openssh-client`)
    await aptUpdate(() => {})
    await aptInstall(['openssh-server', 'openssh-client'], () => {})
  }
  mkdirSync('/run/sshd', {recursive: true, mode: 0o755}) // it starts nowhere without
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
