/** The state of every server as HAProxy sees it. */

import {parseHaproxyCsv, takesTraffic} from '../cluster/haproxy-csv.ts'
import {unlooked} from '../history/looks.ts'
import {routeOf} from '../topology/own-haproxy.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'
import {Watching} from './watching.ts'

const periodMs = 50
const withinMs = 1000

/** Reads the statistics page 20 times a second; an event for each server at first, and whenever its status changes. */
export const proxy: Probe = {
  name: 'proxy',
  async run(on) {
    await Promise.all(hostsWith(on.lab.topology, 'haproxy').map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using watching = new Watching(on, 'proxy', host)
  const known = new Map<string, string>()
  await every(periodMs, on, async () => {
    let csv: string
    try {
      const {code, body} = await on.lab.ask(host, 'stats', '/;csv', {withinMs, signal: on.signal, keepAlive: true})
      if (code !== 200) throw new Error(`HAProxy answered ${code}`)
      csv = body
    } catch (error) {
      known.clear() // whatever answers next may be another process: it is told in full
      watching.unanswered(error)
      return
    }
    // Nobody has watched for a while, so what stands is told again.
    if (watching.sample(true) > unlooked) known.clear()
    for (const line of parseHaproxyCsv(csv)) {
      const route = routeOf(on.lab.topology, line)
      if (route === undefined) continue
      const key = `${route.backend}/${route.host}`
      if (known.get(key) === line.status) continue
      known.set(key, line.status)
      on.record({
        kind: 'proxy',
        proxy: host,
        backend: route.backend,
        server: route.host,
        status: line.status,
        up: takesTraffic(line.status),
        check: line.check,
      })
    }
  })
}
