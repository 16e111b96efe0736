/** Containers to try things in: they belong to no lab. */
import type {Answering} from './answering.ts'
import {gone, type Requests} from './requests.ts'

/** Of containers that belong to no lab. */
const throwawayLabel = 'pgha-lab.throwaway'
const throwawaySeconds = 60

/** Makes containers to try things in. */
export interface Throwaways {
  /**
   * A container of the image that idles without a network, as free to change its kernel's rules as a host of a lab is. Gone with
   * its disposal; if nobody does that, by itself after a minute; and if it was frozen then, with the next one.
   */
  throwaway(image: string): Promise<AsyncDisposable & {readonly id: string}>

  /** Removes those that nobody disposed of and that did not end by themselves; how many. */
  removeThrowaways(): Promise<number>
}

export class ThrowawaysOfEngine implements Throwaways {
  readonly #engine: Requests
  readonly #clock: Pick<Answering, 'clockMs'>

  constructor(engine: Requests, clock: Pick<Answering, 'clockMs'>) {
    this.#engine = engine
    this.#clock = clock
  }

  async throwaway(image: string): Promise<AsyncDisposable & {readonly id: string}> {
    await this.removeThrowaways()
    return this.#engine.change('starting a container to try things in', async () => {
      const container = await this.#engine.api.createContainer({
        Image: image,
        Entrypoint: ['sleep'],
        Cmd: [String(throwawaySeconds)],
        Labels: {[throwawayLabel]: ''},
        HostConfig: {
          ...{NetworkMode: 'none', AutoRemove: true, Memory: 256 * 1024 ** 2, PidsLimit: 64},
          ...{CapDrop: ['ALL'], CapAdd: ['NET_ADMIN', 'SYS_PTRACE'], SecurityOpt: ['no-new-privileges']},
        },
      })
      await container.start()
      return {
        id: container.id,
        [Symbol.asyncDispose]: () =>
          this.#engine.change('removing a container', () => gone(container.remove({force: true}))),
      }
    })
  }

  async removeThrowaways(): Promise<number> {
    const filters = {label: [throwawayLabel]}
    const old = await this.#engine.say('listing containers', () =>
      this.#engine.api.listContainers({all: true, filters}),
    )
    const engineSeconds = (await this.#clock.clockMs()) / 1000
    const dead = old.filter(one => one.Created < engineSeconds - 2 * throwawaySeconds)
    await this.#engine.change('removing a container', () =>
      Promise.all(dead.map(one => gone(this.#engine.api.getContainer(one.Id).remove({force: true})))),
    )
    return dead.length
  }
}
