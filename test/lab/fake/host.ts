/** A host of the fake lab: what the engine does to its container, what faults leave inside it, and its own programs. */
import {takeOff} from '../../../lab/breaking/patroni-overlay.ts'
import {undo} from '../../../lab/healing/inside.ts'
import type {ServiceName} from '../../../lab/topology/services.ts'
import type {HostName} from '../../../lab/topology/topology.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What a fault leaves inside that has no name of its own; each is a line of images/host/bin/whats-broken. */
export type Mark =
  | 'stopped'
  | 'slow'
  | 'filled'
  | 'unstartable'
  | 'nospace'
  | 'lost'
  | 'fsync'
  | 'clock'
  | 'tags'
  | 'load'
  | 'replay'

const ran = (out = ''): Ran => ({code: 0, out, err: ''})

/** What takes each mark away again: the scripts of the mends, word for word. */
const cures: Readonly<Record<string, Mark>> = {
  [undo.resumeProcesses]: 'stopped',
  [undo.unslowNetwork]: 'slow',
  [undo.freeDisk]: 'filled',
  [undo.repairPostgres]: 'unstartable',
  [undo.freeEtcd]: 'nospace',
  [undo.replaceEtcd]: 'lost',
  [undo.unslowDisk]: 'fsync',
  [undo.setClock]: 'clock',
  [takeOff('tags')]: 'tags',
  [undo.endLoad]: 'load',
  [undo.resumeReplay]: 'replay',
}

export class FakeHost {
  readonly name: HostName
  readonly id: string
  readonly address: string
  readonly services: readonly ServiceName[]
  state: 'running' | 'paused' | 'exited' = 'running'
  exitCode = 0
  plugged = true
  /** Ports published for the host lead into it; an engine may forget them when it plugs a container in. */
  portsOpen = true
  cpus: number | null = null
  /** It has the virtual address. */
  shared = false
  /** By `performance.now()`; at first: long ago. */
  startedAtMs = Number.NEGATIVE_INFINITY
  readonly marks = new Set<Mark>()
  readonly down = new Set<string>()
  readonly cuts = new Set<string>()
  /** What its own programs do not do; null: they do everything. */
  refuses: ((script: string) => string | undefined) | null = null
  /** What was run on it, `whats-broken` left out. */
  readonly scripts: string[] = []
  readonly #ended = new Set<() => void>()

  constructor(name: HostName, address: string, services: readonly ServiceName[]) {
    this.name = name
    this.id = `id-${name}`
    this.address = address
    this.services = services
  }

  /** It answers on the lab's network. */
  get answers(): boolean {
    return this.state === 'running' && this.plugged
  }

  runs(service: ServiceName): boolean {
    return this.services.includes(service) && this.state === 'running' && !this.down.has(service)
  }

  /** Told when the host goes down: connections and programs go with it. */
  whenDown(hear: () => void): () => void {
    this.#ended.add(hear)
    return () => this.#ended.delete(hear)
  }

  goDown(exitCode: number): void {
    this.state = 'exited'
    this.exitCode = exitCode
    for (const hear of [...this.#ended]) hear()
    this.#ended.clear()
  }

  /** The kernel's state and the supervisor's orders went with the host; what lies on its volume did not. */
  comeUp(): void {
    this.state = 'running'
    this.startedAtMs = performance.now()
    this.portsOpen = this.plugged
    this.down.clear()
    this.cuts.clear()
    for (const mark of [...this.marks])
      if (!['filled', 'unstartable', 'nospace', 'lost'].includes(mark)) this.marks.delete(mark)
  }

  /** A program of the host to its end. */
  run(argv: readonly string[]): Ran {
    const [program = '', ...rest] = argv
    if (program === 'sh' && rest[0] === '-c') return this.script(rest[1] ?? '')
    // Whatever somebody asks for is in its image.
    if (program === 'test' && rest[0] === '-e') return ran()
    if (program === 'haproxy') return ran('HAProxy version 3.0.11-1 2026/01/01')
    return this.script(argv.join(' '))
  }

  /** The scripts that faults and mends run, and no others: the host is no shell. */
  script(script: string): Ran {
    const refusal = this.refuses?.(script)
    if (refusal !== undefined) return {code: 1, out: '', err: refusal}
    if (script === 'whats-broken') return this.services.includes('client') ? unknown(script) : ran(this.#signs())
    this.scripts.push(script)
    if (script === ':') return ran()
    if (script.startsWith('ip -o -4 address show to '))
      return ran(this.shared ? `2: eth0 inet ${script.split(' ').at(-1)}/24` : '')
    if (script === 'ip -o -4 address show') return ran(this.plugged ? `2: eth0    inet ${this.address}/24 scope` : '')
    const mark = cures[script]
    if (mark !== undefined) {
      this.marks.delete(mark)
      return ran()
    }
    for (const service of this.services)
      if (script === undo.startService(service)) {
        this.down.delete(service)
        return ran()
      }
    const cut = /^nft delete table inet pgha_lab_(\S+) /.exec(script)?.[1]
    if (cut !== undefined && script === undo.openNetwork(cut)) {
      this.cuts.delete(cut) // one that is not there is open as well
      return ran()
    }
    return unknown(script)
  }

  #signs(): string {
    return [
      ...(this.marks.has('stopped') ? ['stopped'] : []),
      ...[...this.down].map(service => `down ${service}`),
      ...[...this.cuts].map(cut => `cut ${cut}`),
      ...[...this.marks].filter(mark => mark !== 'stopped'),
    ].join('\n')
  }
}

function unknown(script: string): Ran {
  return {code: 127, out: '', err: `sh: ${script.split('\n')[0]}: not found`}
}
