/** Programs in containers of their own, which are clients for the length of a run. */
import type {ProgramContainer} from '../../../lab/engine/docker.ts'
import {FakeImages} from './images.ts'

type Mutable<T> = {-readonly [K in keyof T]: T[K]}

export abstract class FakePrograms extends FakeImages {
  /** Of programs that are clients for the length of a run; `ended` tells whoever waits for one. */
  readonly programContainers = new Map<
    string,
    Mutable<ProgramContainer> & {readonly ended: PromiseWithResolvers<number>}
  >()

  async programs(): Promise<ProgramContainer[]> {
    await this.call('programs')
    return [...this.programContainers.values()].map(({ended: _, ...one}) => one)
  }

  async startProgram(_lab: string, {name}: {readonly name: string}): Promise<ProgramContainer> {
    await this.call(`start program ${name}`)
    const program = {id: `program-${name}`, program: name, state: 'running'}
    this.programContainers.set(name, {...program, ended: Promise.withResolvers<number>()})
    return program
  }

  async removeProgram(_lab: string, program: string): Promise<void> {
    await this.call(`remove program ${program}`)
    this.programContainers.delete(program)
  }

  async untilEnded(id: string): Promise<number> {
    return (await this.programOf(id)?.ended.promise) ?? 0
  }

  protected programOf(id: string) {
    return [...this.programContainers.values()].find(one => one.id === id)
  }
}
