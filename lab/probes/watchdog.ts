/** The countdown of each host's watchdog, and that it resets the host, which it says with its last breath. */

import {parseWatchdogLine, type WatchdogLine} from '../cluster/watchdog-line.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {followLog} from './container-log.ts'
import {type EngineClock, engineClock} from './engine-clock.ts'
import {every, sleep} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

const reconnectMs = 500
/** It tells its state once a second; longer without a word, and it is frozen or gone. */
const silentAfterMs = 1500
/** Patroni feeds it once per loop_wait; a loop may be this late without starving it. */
const lateMicros = 1_000_000

/**
 * Follows every watchdog twice: on a connection, where it tells its state once a second, and in the container's log, which alone
 * keeps what it says while the host dies. Times are those of the watchdog's own clock.
 */
export const watchdog: Probe = {
  name: 'watchdog',
  async run(on) {
    const {topology} = on.lab
    if (topology.patroni.watchdog === 'off') return
    await Promise.all(hostsWith(topology, 'patroni').map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using watching = new Watching(on, 'watchdog', host)
  const account = new Account(on, host)
  let toldAt = Number.NEGATIVE_INFINITY
  await Promise.all([
    every(500, on, () => void watching.sample(performance.now() - toldAt < silentAfterMs)),
    followLog(on, host, ({text}) => account.hear(text)),
    listen(on, host, text => {
      toldAt = performance.now()
      account.hear(text)
    }),
  ])
}

async function listen(on: ProbeSite, host: HostName, hear: (text: string) => void): Promise<void> {
  while (!on.signal.aborted) {
    try {
      const {id} = await on.lab.container(host)
      await using running = await on.lab
        .engineOf(host)
        .exec(id, ['socat', '-u', 'UNIX-CONNECT:/run/watchdog/events', 'STDOUT'])
      running.stdin.on('error', () => {}) // its end, which the lines tell
      const hangUp = () => void running[Symbol.asyncDispose]()
      on.signal.addEventListener('abort', hangUp, {once: true})
      for await (const text of running.lines) hear(text)
      on.signal.removeEventListener('abort', hangUp)
    } catch {
      // The host is down or boots: `watching` tells that nobody heard it, and it is asked again.
    }
    await sleep(reconnectMs, on.signal)
  }
}

/** Turns what one watchdog says into events, each once though it is heard twice. */
export class Account {
  readonly #on: ProbeSite
  readonly #host: HostName
  readonly #loopWaitMicros: Micros
  readonly #told = new Set<string>()
  #clock: Promise<EngineClock> | undefined
  #fedAt: Micros = Number.NEGATIVE_INFINITY

  constructor(on: ProbeSite, host: HostName) {
    this.#on = on
    this.#host = host
    this.#loopWaitMicros = on.lab.topology.patroni.loopWaitSeconds * 1e6
  }

  hear(text: string): void {
    const line = parseWatchdogLine(text)
    if (line === null) return
    this.#clock ??= engineClock(this.#on, this.#host)
    this.#clock.then(
      clock => this.#take(line, clock.toOurs(line.atMs)),
      () => {
        this.#clock = undefined // the engine is away, and asked again with the next line
      },
    )
  }

  #take({state, key, timeoutSeconds, silentSeconds}: WatchdogLine, at: Micros): void {
    const silent = silentSeconds === null ? null : Math.round(silentSeconds * 1e6)
    const tell = (state: 'armed' | 'fed' | 'starving' | 'disarmed' | 'fired', left: Micros | null, when = at) =>
      this.#on.record(
        {
          kind: 'watchdog',
          host: this.#host,
          state,
          timeoutSeconds,
          leftMicros: left === null ? null : Math.max(0, left),
        },
        when,
      )
    if (state === 'idle') return
    if (state !== 'running') {
      if (this.#told.has(key) || at < 0) return // at < 0: the log goes back to before this run
      this.#told.add(key)
      tell(state, state === 'disarmed' || silent === null ? null : timeoutSeconds * 1e6 - silent)
    } else if (silent !== null && silent > this.#loopWaitMicros + lateMicros) {
      tell('starving', timeoutSeconds * 1e6 - silent)
    } else if (silent !== null && at - silent - this.#fedAt >= 1000) {
      // The same keepalive told again differs by the microseconds between reading the two clocks.
      this.#fedAt = at - silent
      tell('fed', timeoutSeconds * 1e6, this.#fedAt)
    }
  }
}
