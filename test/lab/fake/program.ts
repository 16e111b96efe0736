/** Programs that run in the fake containers: the shell that faults open, the observer's relay, and the clients' agent. */
import {createInterface} from 'node:readline'
import {duplexPair, PassThrough} from 'node:stream'
import type {AgentConfig, AgentLine, Command, Load} from '../../../lab/clients/agent/protocol.ts'
import type {Running} from '../../../lab/engine/docker.ts'
import {encode, type Frame, FrameReader, protocol} from '../../../lab/observer/frames.ts'
import type {LabError} from '../../../lab/words/errors.ts'
import type {FakeCluster} from './cluster.ts'
import type {Ran} from './host.ts'

/** What `docker.exec` gives is a connection to the engine: it may hold the process, or not. */
class ToEngine extends PassThrough {
  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

export class FakeProgram implements Running {
  readonly stdin = new ToEngine()
  readonly stdout = new PassThrough()
  readonly #ended = Promise.withResolvers<number | null>()
  #lost: LabError | undefined
  #complaint = ''
  #over = false

  get lines(): AsyncIterable<string> {
    return createInterface({input: this.stdout, crlfDelay: Number.POSITIVE_INFINITY})
  }

  get done(): Promise<number | null> {
    return this.#ended.promise
  }

  get lost(): LabError | undefined {
    return this.#lost
  }

  get isOver(): boolean {
    return this.#over
  }

  stderr(): string {
    return this.#complaint
  }

  say(text: string | Buffer): void {
    if (!this.#over) this.stdout.write(text)
  }

  complain(text: string): void {
    this.#complaint += text
  }

  end(code: number | null): void {
    if (this.#over) return
    this.#over = true
    this.stdout.end()
    this.stdin.destroy()
    this.#ended.resolve(code)
  }

  /** The engine has fallen silent. */
  lose(error: LabError): void {
    if (this.#over) return
    this.#lost = error
    this.end(null)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end(null)
  }
}

/** `sh` as `cluster/shell.ts` talks to it: a script in brackets, and then a mark with its exit code. */
export function playShell(program: FakeProgram, run: (script: string) => Promise<Ran>): void {
  let heard = ''
  program.stdin.on('data', async (chunk: Buffer) => {
    heard += chunk.toString()
    for (;;) {
      const [whole = '', script = '', mark = ''] =
        /^\(\n([\s\S]*?)\n\) <\/dev\/null; echo "(.*) \$\?"\n/.exec(heard) ?? []
      if (whole === '') return
      heard = heard.slice(whole.length)
      const {code, out, err} = await run(script)
      program.complain(err)
      program.say(`${out}${out === '' ? '' : '\n'}${mark} ${code}\n`)
    }
  })
}

/** Where an `address:port` of the lab leads: a connection, the kernel's refusal, or nowhere, where nobody answers. */
export type Way = {readonly open: (connection: ReturnType<typeof duplexPair>[1]) => () => void} | 'ECONNREFUSED' | null

/** The relay in the observer, with `way` for the lab's network. */
export function playRelay(program: FakeProgram, way: (to: string) => Way): void {
  const connections = new Map<number, ReturnType<typeof duplexPair>[0]>()
  const reader = new FrameReader()
  const tell = (frame: Frame) => program.say(encode(frame))
  const open = (id: number, to: string) => {
    const found = way(to)
    if (found === null) return
    if (found === 'ECONNREFUSED') return tell({kind: 'close', id, code: found})
    const [ours, theirs] = duplexPair()
    connections.set(id, ours)
    const forget = found.open(theirs)
    theirs.on('close', () => ours.destroy())
    ours.on('error', () => {})
    theirs.on('error', () => {})
    ours.on('data', (bytes: Buffer) => {
      for (let at = 0; at < bytes.length; at += 16_384) tell({kind: 'data', id, bytes: bytes.subarray(at, at + 16_384)})
    })
    ours.on('end', () => tell({kind: 'end', id}))
    ours.on('close', () => {
      forget()
      if (connections.delete(id)) tell({kind: 'close', id, code: ''})
    })
    tell({kind: 'opened', id})
  }
  tell({kind: 'ready', id: protocol})
  program.stdin.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      const connection = connections.get(frame.id)
      if (frame.kind === 'ping') tell({kind: 'pong', id: frame.id})
      else if (frame.kind === 'open') open(frame.id, frame.to)
      else if (frame.kind === 'data') {
        connection?.write(frame.bytes)
        tell({kind: 'taken', id: frame.id, count: frame.bytes.length})
      } else if (frame.kind === 'end') connection?.end()
      else if (frame.kind === 'close') {
        connections.delete(frame.id)
        connection?.destroy()
      }
    }
  })
  void program.done.then(() => {
    for (const connection of connections.values()) connection.destroy()
  })
}

/** Clients as the agent in app1 has them: they write while somebody takes writes, and say what became of each attempt. Long because one loop has it all. */
export function playAgent(program: FakeProgram, cluster: FakeCluster, hear: (config: AgentConfig) => void): void {
  const timers: NodeJS.Timeout[] = []
  const micros = () => Math.round(performance.now() * 1000)
  const say = (line: AgentLine) => program.say(`${JSON.stringify(line)}\n`)
  let config: AgentConfig | undefined
  let writes = true
  let sent = 0
  const nextIds: Record<string, number> = {}

  const attempt = ({op, clients}: Load) => {
    if (op === 'bank' || (op === 'write' && !writes)) return
    const id = nextIds[op]!
    nextIds[op] = id + 1
    sent++
    const client = clients[id % clients.length]!
    const at = micros()
    const sentAt = at - 900
    const answers = op === 'write' ? cluster.write(id) : cluster.leader !== null && cluster.isUp(cluster.leader)
    if (!answers) return say(['o', client, id, sentAt, at, 'fail', null, null, null, '57P03', 'nobody takes it'])
    const server = cluster.leader
    const timeline = cluster.timeline.toString(16).padStart(8, '0')
    const seen: [number] | [] = op === 'read' ? [Math.max(0, ...cluster.ids.slice(-1))] : []
    say(['o', client, id, sentAt, at, null, server, timeline, `0/${cluster.lsn.toString(16)}`, null, null, ...seen])
  }
  /** What a program behind a relay does: one transaction after the other. */
  const transact = (client: string) => {
    const at = micros()
    const server = cluster.leader
    const timeline = cluster.timeline.toString(16).padStart(8, '0')
    say(['t', client, 'write', at - 900, at, server === null ? 'fail' : 'ok', server, timeline, null, null])
  }
  const begin = ({groups, relays, firstIds}: AgentConfig) => {
    Object.assign(nextIds, firstIds)
    const server = cluster.leader
    for (const group of groups) {
      for (const client of group.clients) say(['c', client, micros(), 1000, server])
      timers.push(setInterval(() => attempt(group), 1000 / group.perSecond))
    }
    for (const {client, perSecond} of relays) timers.push(setInterval(() => transact(client), 1000 / perSecond))
    timers.push(
      setInterval(() => {
        say(['w', micros(), sent, 0, 1000])
        sent = 0
      }, 1000),
    )
  }
  const end = () => {
    for (const timer of timers) clearInterval(timer)
    say(['bye', 'as asked'])
    program.end(0)
  }
  createInterface({input: program.stdin}).on('line', text => {
    const told = JSON.parse(text) as AgentConfig | Command
    if ('groups' in told) {
      config = told
      hear(told)
      say(['hi', micros(), 'Node 20.19.2', 'pg 8.23.1'])
    } else if ('ping' in told) say(['pong', told.ping, micros()])
    else if ('go' in told) begin(config!)
    else if ('stopWriters' in told) {
      writes = false
      say(['quiet'])
    } else end()
  })
  void program.done.then(() => {
    for (const timer of timers) clearInterval(timer)
  })
}
