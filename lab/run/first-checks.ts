/**
 * What HAProxy's own checks would find out later is told to it, once: when a lab has just been made. It began while nobody could answer,
 * took all for dead, and would need `rise` checks `inter` apart to see that they are there, seconds in which nobody is served by anybody.
 * From then on its checks rule alone, by whatever times they have.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {parseHaproxyCsv, takesTraffic} from '../cluster/haproxy-csv.ts'
import {askPatroni} from '../cluster/patroni-api.ts'
import type {Lab} from '../engine/lab.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'

const everyMs = 300
const longestAnswerMs = 1000
/** A lab that is so late waits for something else than its proxies. */
const longestMs = 30_000

/**
 * Until the signal fires, or for half a minute: whoever answers the very question of a check with 200, as Patroni's REST API does, is called up on HAProxy's admin
 * socket (management guide, 9.3 "set server ... health up"). Nothing is told to a proxy whose file or whose question is not ours.
 * What cannot be asked or told is left to the checks.
 */
export async function tellProxies(lab: Lab, signal: AbortSignal): Promise<void> {
  const {haproxy, haproxyFile, tls} = lab.topology
  // Checks that ask in TLS where there is none, or the other way round, never pass: such a lab is not to look better than it is.
  if (haproxyFile !== undefined || (haproxy.checkTls ?? tls?.rest === true) !== (tls?.rest === true)) return
  await Promise.all(hostsWith(lab.topology, 'haproxy').map(proxy => tell(lab, proxy, signal)))
}

async function tell(lab: Lab, proxy: HostName, signal: AbortSignal): Promise<void> {
  const until = performance.now() + longestMs
  while (!signal.aborted && performance.now() < until) {
    try {
      const up = await answering(lab, proxy, signal)
      if (up.length > 0) await say(lab, proxy, up)
    } catch {
      // It does not answer yet, or the wait is over.
    }
    await sleep(everyMs, undefined, {signal}).catch(() => {})
  }
}

/** Servers that are down for HAProxy and would pass its check now, as its statistics name them. */
async function answering(lab: Lab, proxy: HostName, signal: AbortSignal): Promise<string[]> {
  const csv = await lab.ask(proxy, 'stats', '/;csv', {withinMs: longestAnswerMs, signal})
  // Whoever needs longer does not pass its check either.
  const withinMs = Math.min(longestAnswerMs, lab.topology.haproxy.checkTimeoutMs)
  const down = parseHaproxyCsv(csv.body).flatMap(line => {
    const path = takesTraffic(line.status) ? undefined : questionOf(lab.topology, line.proxy)
    return path === undefined ? [] : [{...line, path}]
  })
  const asked = await Promise.all(
    down.map(async ({proxy: entry, server, path}) => {
      const answer = await askPatroni(lab, server, {path, withinMs, signal}).catch(() => undefined)
      return answer?.code === 200 ? [`${entry}/${server}`] : []
    }),
  )
  return asked.flat()
}

function questionOf({haproxy}: Topology, entry: string): string | undefined {
  const {checkPrimary = '/primary', checkReplicas = '/replica'} = haproxy
  const path = entry === 'primary' ? checkPrimary : entry === 'replicas' ? checkReplicas : undefined
  return path?.startsWith('/') ? path : undefined
}

async function say(lab: Lab, proxy: HostName, servers: readonly string[]): Promise<void> {
  const {id} = await lab.container(proxy)
  await using socket = await lab
    .engineOf(proxy)
    .exec(id, ['socat', '-T', '2', '-', 'UNIX-CONNECT:/run/haproxy/admin.sock'])
  // One line is all that it reads of whoever asks for no prompt.
  socket.stdin.end(`${servers.map(server => `set server ${server} health up`).join('; ')}\n`)
  await socket.done
}
