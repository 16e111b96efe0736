/** One group of clients and the schedule that drives it. */

import {Client} from './client.ts'
import {Pool, PooledClient} from './pooled-client.ts'
import type {Job, Load} from './protocol.ts'
import {shifted} from './schedule.ts'
import type {Desk} from './told.ts'

/** So that what many are told is not asked by all of them in one order. */
function rotated<T>(all: readonly T[], by: number): T[] {
  const first = by % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

export class Group {
  readonly #clients: readonly (Client | PooledClient)[]
  readonly #desk: Desk
  readonly #load: Load
  #timer: NodeJS.Timeout | undefined
  #running: Promise<unknown> = Promise.resolve()
  #counts = {sent: 0, unsent: 0, worstMicros: 0}

  constructor(load: Load, desk: Desk) {
    this.#desk = desk
    this.#load = load
    if (load.driver === 'pg-pool') {
      const pool = new Pool(load, desk.config)
      this.#clients = load.clients.map(name => new PooledClient(name, load, desk, pool))
    } else
      this.#clients = load.clients.map(
        (name, index) => new Client(name, {...load, hosts: rotated(load.hosts, index)}, desk),
      )
  }

  get job(): Job {
    return this.#load.op
  }

  start(): void {
    this.#running = Promise.all(this.#clients.map(client => client.run()))
    const schedules = shifted(this.#clients.length, this.#load.perSecond, this.#desk.clock())
    const tick = () => {
      const now = this.#desk.clock()
      let next = Number.POSITIVE_INFINITY
      for (const [index, schedule] of schedules.entries()) {
        const dueAt = schedule.nextMicros
        const slots = schedule.take(now)
        if (slots > 0) {
          this.#counts.worstMicros = Math.max(this.#counts.worstMicros, now - dueAt)
          const sent = this.#clients[index]!.send() ? 1 : 0
          this.#counts.sent += sent
          this.#counts.unsent += slots - sent
        }
        next = Math.min(next, schedule.nextMicros)
      }
      this.#timer = setTimeout(tick, Math.max(1, Math.ceil((next - this.#desk.clock()) / 1000)))
    }
    tick()
  }

  /** What happened since the last call. */
  takeCounts(): {sent: number; unsent: number; worstMicros: number} {
    const counts = this.#counts
    this.#counts = {sent: 0, unsent: 0, worstMicros: 0}
    return counts
  }

  /** Ends the schedule, then every client once it has its answer. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await Promise.all(this.#clients.map(client => client.stop()))
    await this.#running
  }
}
