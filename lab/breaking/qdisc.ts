/**
 * A slow network: a queueing discipline of the host's interface (tc-tbf(8), tc-netem(8)), or, where the kernel has no netem, a program
 * that the kernel hands the packets to (`images/host/bin/slow-line`). It acts on what leaves the host.
 */

export interface Slowness {
  /** Bits per second. */
  readonly bandwidth?: number | undefined
  readonly delayMs?: number | undefined
  readonly jitterMs?: number | undefined
  readonly lossPercent?: number | undefined
}

/** netem knows everything, tbf is on more kernels: whoever wants less bandwidth and no more gets tbf. */
export function qdiscKind({delayMs, lossPercent}: Slowness): 'tbf' | 'netem' {
  return delayMs === undefined && lossPercent === undefined ? 'tbf' : 'netem'
}

/** How long a packet may wait in the queue of a slow line; what comes on top is dropped, and TCP slows down. */
const queueMs = 400
/** What may leave at once: a few packets of 1500 bytes, or 10 ms' worth, so that a timer that is late costs no bandwidth. */
const leastBurstBytes = 8192

export function qdisc(slowness: Slowness): string {
  const {bandwidth, delayMs = 0, jitterMs, lossPercent} = slowness
  if (qdiscKind(slowness) === 'tbf') {
    if (bandwidth === undefined) throw new TypeError('slow without anything that slows')
    const burst = Math.max(leastBurstBytes, Math.ceil(bandwidth / 8 / 100))
    return `tbf rate ${bandwidth}bit burst ${burst}b latency ${queueMs}ms`
  }
  return [
    `netem limit 10000 delay ${delayMs}ms`,
    ...(jitterMs === undefined ? [] : [`${jitterMs}ms`]),
    ...(lossPercent === undefined ? [] : [`loss ${lossPercent}%`]),
    ...(bandwidth === undefined ? [] : [`rate ${bandwidth}bit`]),
  ].join(' ')
}

/** That of the lab's network: on several engines another one leads to the engine's machine, and the default route with it. */
const findInterface = `\
interface=$(ip -o -4 address show to "$LAB_NETWORK" | sed -n '1s/^[0-9]*: *\\([^ ]*\\).*/\\1/p')
: "\${interface:?no interface of this host is in $LAB_NETWORK}"`

/** Refused by the kernel when the interface has a queue already: nobody else's is ever replaced. */
function addQdisc(slowness: Slowness): string {
  return `tc qdisc add dev "$interface" root handle 9e0: ${qdisc(slowness)}`
}

export function slowScript(slowness: Slowness): string {
  const {bandwidth, delayMs = 0, jitterMs = 0, lossPercent = 0} = slowness
  if (qdiscKind(slowness) === 'tbf') return `${findInterface}\n${addQdisc(slowness)}`
  return `\
${findInterface}
said=$(${addQdisc(slowness)} 2>&1) && exit
case $said in *'qdisc kind is unknown'*) ;; *) echo "$said" >&2; exit 1 ;; esac
slow-network "$interface" ${delayMs} ${jitterMs} ${lossPercent}${bandwidth === undefined ? '' : ` &&\n${addQdisc({bandwidth})}`}`
}

/** A script for a host: whether our queue is there, and at work. */
export const slowedScript = `\
case "$(tc qdisc show)" in *' 9e0: netem'*) echo yes; exit ;; esac
if nft list chain ip mangle pgha-lab-slow > /dev/null 2>&1; then
  if grep -q '^ *900 ' /proc/net/netfilter/nfnetlink_queue; then echo yes; fi
  exit
fi
case "$(tc qdisc show)" in *' 9e0: '*) echo yes ;; esac`

export interface Pinged {
  readonly sent: number
  readonly received: number
  /** Mean round trip in ms; null when nothing came back. */
  readonly averageMs: number | null
}

/** The summary of iputils' ping. */
export function pinged(printed: string): Pinged {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(printed) ?? []
  if (sent === undefined || received === undefined) throw new TypeError(`ping said: ${printed}`)
  const average = /= [\d.]+\/([\d.]+)\//.exec(printed)?.[1]
  return {sent: Number(sent), received: Number(received), averageMs: average === undefined ? null : Number(average)}
}

/** So many pings that a loss of this share is missed once in a thousand times. */
export function pingsToSee(lossPercent: number): number {
  return lossPercent >= 100 ? 5 : Math.max(5, Math.ceil(Math.log(0.001) / Math.log(1 - lossPercent / 100)))
}
