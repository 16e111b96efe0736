/** Looks at hosts through what stays open: one shell a host, its looks one after the other. */
import type {Sight} from '../breaking/lasting.ts'
import {openShell, type Shell} from '../cluster/shell.ts'
import type {Lab} from '../engine/lab.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

/** Before a shell is opened again on a host that did not let one be opened. */
const reopenAfterMs = 5000

export class OpenSight implements Sight, AsyncDisposable {
  readonly lab: Lab
  readonly #shells = new Map<HostName, Promise<Shell>>()
  readonly #last = new Map<HostName, Promise<unknown>>()
  readonly #ids = new Map<HostName, string>()
  readonly #refusedAt = new Map<HostName, number>()

  constructor(lab: Lab) {
    this.lab = lab
  }

  async condition(host: HostName) {
    const id = this.#ids.get(host) ?? (await this.lab.container(host)).id
    this.#ids.set(host, id) // a host that is started again is the same container
    return this.lab.engineOf(host).condition(id, this.lab.name)
  }

  run(host: HostName, script: string): Promise<string> {
    const printed = (this.#last.get(host) ?? Promise.resolve()).then(async () => {
      const shell = await this.#open(host)
      try {
        return await shell.run(script)
      } catch (error) {
        await this.#close(host)
        throw error
      }
    })
    this.#last.set(
      host,
      printed.catch(() => {}),
    )
    return printed
  }

  async #open(host: HostName): Promise<Shell> {
    const refused = this.#refusedAt.get(host)
    if (refused !== undefined && performance.now() - refused < reopenAfterMs)
      throw new LabError('engine', `no shell can be opened on ${host}`)
    const opening = this.#shells.get(host) ?? openShell(this.lab, host)
    this.#shells.set(host, opening)
    try {
      return await opening
    } catch (error) {
      this.#shells.delete(host)
      this.#refusedAt.set(host, performance.now())
      throw error
    }
  }

  async #close(host: HostName): Promise<void> {
    const shell = await this.#shells.get(host)
    this.#shells.delete(host)
    await shell?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#shells.keys()].map(host => this.#close(host)))
  }
}
