/** What is done to a whole container: killed, started, stopped, frozen, throttled, waited for. */
import {hasStatus, type Requests} from './requests.ts'

/**
 * On a busy machine runc gives up on a freezer of cgroup v1 that does not settle, and thaws it ("unable to freeze";
 * opencontainers/runc, `fs/freezer.go`): then it is asked again.
 */
const freezeTries = 5

/** What a machine has a switch for. */
export interface Power {
  /** Kills PID 1 of the container and with it every process of the host. */
  kill(id: string, signal?: string): Promise<void>

  start(id: string): Promise<void>

  /** An orderly stop: SIGTERM, and SIGKILL after the grace. */
  stop(id: string, graceSeconds: number): Promise<void>

  /** Freezes every process of the host at once (cgroup freezer). */
  pause(id: string): Promise<void>

  unpause(id: string): Promise<void>

  /** How many CPUs the container may use; null: all. */
  limitCpus(id: string, cpus: number | null): Promise<void>

  /** Resolves with the exit code when the container has ended. */
  untilEnded(id: string): Promise<number>
}

export class PowerOfEngine implements Power {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async kill(id: string, signal = 'SIGKILL'): Promise<void> {
    await this.#engine.change('killing a container', () => this.#engine.api.getContainer(id).kill({signal}))
  }

  async start(id: string): Promise<void> {
    await this.#engine.change('starting a container', async () => {
      try {
        await this.#engine.api.getContainer(id).start()
      } catch (error) {
        if (!hasStatus(error, 304)) throw error // it runs already
      }
    })
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const withinMs = this.#engine.limits.changeMs + graceSeconds * 1000
    await this.#engine.say(
      'stopping a container',
      async () => {
        try {
          await this.#engine.api.getContainer(id).stop({t: graceSeconds})
        } catch (error) {
          if (!hasStatus(error, 304)) throw error
        }
      },
      withinMs,
    )
  }

  async pause(id: string): Promise<void> {
    await this.#engine.change('pausing a container', async () => {
      for (let tries = 1; ; tries++)
        try {
          return await this.#engine.api.getContainer(id).pause()
        } catch (error) {
          if (tries === freezeTries || !String((error as Error).message).includes('unable to freeze')) throw error
        }
    })
  }

  async unpause(id: string): Promise<void> {
    await this.#engine.change('unpausing a container', () => this.#engine.api.getContainer(id).unpause())
  }

  async limitCpus(id: string, cpus: number | null): Promise<void> {
    // The engine takes 0 for "unchanged": no limit is said as a quota of -1.
    const limit =
      cpus === null ? {CpuPeriod: 100_000, CpuQuota: -1} : {CpuPeriod: 100_000, CpuQuota: Math.round(cpus * 100_000)}
    await this.#engine.change('limiting the CPUs of a container', () => this.#engine.api.getContainer(id).update(limit))
  }

  async untilEnded(id: string): Promise<number> {
    const container = this.#engine.api.getContainer(id)
    const {StatusCode} = await this.#engine.wait('waiting for a container', () => container.wait())
    return StatusCode
  }
}
