/** The state of every server as HAProxy sees it. */
import http from 'node:http'
import type {HostName, Of} from '../event.ts'
import {hostsWith} from '../topology.ts'
import type {Probe, ProbeSite} from '../unit.ts'
import {ask} from './ask.ts'
import {every} from './every.ts'
import {parseHaproxyCsv, takesTraffic} from './haproxy-csv.ts'
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
  const agent = new http.Agent({keepAlive: true, maxSockets: 1})
  const url = `${on.lab.url(host, 'stats')}/;csv`
  const known = new Map<string, string>()
  await every(periodMs, on.signal, async () => {
    let csv: string
    try {
      const {code, body} = await ask(url, {agent, withinMs, signal: on.signal})
      if (code !== 200) throw new Error(`HAProxy answered ${code}`)
      csv = body
    } catch {
      if (on.signal.aborted) return
      known.clear() // whatever answers next may be another process: it is told in full
      watching.sample(false)
      return
    }
    watching.sample(true)
    for (const line of parseHaproxyCsv(csv)) {
      if (!isBackend(line.proxy)) continue
      const key = `${line.proxy}/${line.server}`
      if (known.get(key) === line.status) continue
      known.set(key, line.status)
      on.record({
        kind: 'proxy',
        proxy: host,
        backend: line.proxy,
        server: line.server,
        status: line.status,
        up: takesTraffic(line.status),
        check: line.check,
      })
    }
  })
  agent.destroy()
}

function isBackend(name: string): name is Of<'proxy'>['backend'] {
  return name === 'primary' || name === 'replicas'
}
