/** Volumes of the fake engine, each with what is in it as one text, and the container that carries it between them. */
import type {Belonging, PorterToStart} from '../../../lab/engine/docker.ts'
import {porterScripts} from '../../../lab/run/snapshot.ts'
import type {Owner} from '../../../lab/topology/topology.ts'
import {LabError} from '../../../lab/words/errors.ts'
import type {FakeProgram} from './program.ts'
import {FakePrograms} from './programs.ts'

/** What a porter does at its script, one for each that there is. */
type Doing = keyof typeof porterScripts

export abstract class FakeVolumes extends FakePrograms {
  /** Those that `makeVolume` has made. */
  readonly #made = new Map<string, Belonging>()
  /** What is in a volume; those of hosts are there from the first look. */
  readonly data = new Map<string, string>()
  /** What a porter has copied beside the data of a volume. */
  readonly staged = new Map<string, string>()
  /** Told before a porter does something: it may throw, or wait. */
  porterDoes: (doing: Doing) => void | Promise<void> = () => {}
  #porter: {readonly at: Readonly<Record<string, string>>; readonly running: Set<FakeProgram>} | null = null

  async makeVolume(lab: string, id: string, {id: owner, home}: Owner): Promise<void> {
    await this.call(`make volume ${id}`)
    this.#made.set(id, {kind: 'volume', id, lab, owner, home, state: null, createdMs: Number.NaN})
  }

  async porter(_lab: string, {at}: PorterToStart): Promise<AsyncDisposable & {readonly id: string}> {
    await this.call('start porter')
    const running = new Set<FakeProgram>()
    this.#porter = {at, running}
    return {
      id: porterId,
      [Symbol.asyncDispose]: async () => {
        await this.call('remove porter')
        for (const program of running) program.end(137)
        this.#porter = null
      },
    }
  }

  protected volumes(): Belonging[] {
    return [...this.#made.values()]
  }

  protected removeVolume(id: string): void {
    this.#made.delete(id)
    this.data.delete(id)
  }

  protected async playPorter(program: FakeProgram, script: string): Promise<void> {
    const porter = this.#porter
    const [doing] = Object.entries(porterScripts).find(([, known]) => known === script) ?? []
    if (porter === null || doing === undefined) return program.end(127)
    porter.running.add(program)
    try {
      await this.porterDoes(doing as Doing)
      if (!porter.running.has(program)) return
      this.#does(doing as Doing, porter.at)
      if (doing === 'save') program.say('4096\n')
      program.end(0)
    } catch (error) {
      program.complain((error as Error).message)
      program.end(1)
    }
  }

  #does(doing: Doing, at: Readonly<Record<string, string>>): void {
    const [copy = ''] = Object.keys(at).filter(name => at[name] === '/snapshot')
    const hosts = Object.keys(at).filter(name => name !== copy)
    const copied = (): Record<string, string> => JSON.parse(this.data.get(copy) ?? '{}')
    if (doing === 'save')
      this.data.set(copy, JSON.stringify(Object.fromEntries(hosts.map(name => [name, this.data.get(name) ?? '']))))
    if (doing === 'stage') for (const name of hosts) this.staged.set(name, copied()[name] ?? '')
    if (doing === 'unstage') this.staged.clear()
    if (doing === 'swap') {
      if (this.staged.size === 0) throw new LabError('engine', 'nothing is staged')
      for (const [name, data] of this.staged) this.data.set(name, data)
      this.staged.clear()
    }
  }
}

export const porterId = 'id-porter'
