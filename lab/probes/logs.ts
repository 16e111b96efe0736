/** What the hosts' own logs say, where it is evidence. */

import {releaseOf} from '../topology/release.ts'
import type {HostName} from '../topology/topology.ts'
import {followLog} from './container-log.ts'
import {every} from './every.ts'
import {signOf} from './log-signs.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

/** A full disk is told of by every statement: the same sign of the same service is recorded once in this time. */
const againAfterMicros = 1_000_000

/** Follows every host's log from the beginning of the run; `log` events at the engine's own time. */
export const logs: Probe = {
  name: 'logs',
  async run(on) {
    const hosts = on.lab.topology.hosts.filter(host => !host.services.includes('client'))
    await Promise.all(hosts.map(host => watch(on, host.name)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using watching = new Watching(on, 'logs', host)
  const release = releaseOf(on.lab.topology)
  const last = new Map<string, number>()
  let listening = false
  await Promise.all([
    // Most of a log is no evidence: that somebody listens is what tells a quiet host from a deaf observer.
    every(500, on, () => void watching.sample(listening)),
    followLog(
      on,
      host,
      ({text, at}) => {
        const found = signOf(text, release)
        if (found === null) return
        const key = `${found.service}/${found.sign}`
        if (at - (last.get(key) ?? Number.NEGATIVE_INFINITY) < againAfterMicros) return
        last.set(key, at)
        on.record({kind: 'log', host, ...found}, at)
      },
      {
        listening(now) {
          listening = now
        },
        unreadable: why => watching.never(`the Docker engine cannot read the log of ${host} any more (${why})`),
      },
    ),
  ])
}
