/** A slow line: what leaves a host is limited, delayed or lost, by a queueing discipline of the host's own interface. */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {impairsNobody, seconds} from '../breaking/in-storms.ts'
import {stillPrints} from '../breaking/lasting.ts'
import {Shells} from '../breaking/paths.ts'
import {type Pinged, pinged, pingsToSee, qdiscKind, type Slowness, slowedScript, slowScript} from '../breaking/qdisc.ts'
import {strikeOn} from '../breaking/strike.ts'
import {openShell} from '../cluster/shell.ts'
import type {Lab} from '../engine/lab.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {bandwidth, duration, percent} from '../words/schemas.ts'
import {timeLimit, undoLater} from '../words/time-limit.ts'

const ms = duration.refine(value => value >= 1 && value <= 60_000, {error: 'between 1ms and 1m'})

const params = z
  .strictObject({
    bandwidth: bandwidth.optional(),
    delay: ms.optional(),
    jitter: ms.optional(),
    /** Less than this can't be seen to be lost within seconds. */
    loss: percent.refine(share => share >= 0.5, {error: 'a loss of less than 0.5% cannot be proven'}).optional(),
    limit: timeLimit,
  })
  .refine(({bandwidth, delay, loss}) => (bandwidth ?? delay ?? loss) !== undefined, {
    error: '`slow` takes one or more of bandwidth (5Mbit), delay (100ms) and loss (1%)',
  })
  .refine(({delay, jitter}) => jitter === undefined || (delay !== undefined && jitter <= delay), {
    path: ['jitter'],
    error: '`jitter` varies a `delay` and is not larger than it',
  })

type Params = z.output<typeof params>

export const slow: Fault<Params> = {
  area: 'the network',
  about: 'A slow line: what leaves the host is limited in bandwidth, delayed, or partly lost',
  params,
  needs: params => [qdiscKind(slownessOf(params)) === 'tbf' ? 'tbf' : 'delay'],
  limitMs: ({limit}) => limit,
  strikes: (_, {on}) => strikeOn(on, null),

  storm: {
    spoils: ['line'],
    // It is measured against a host that must be in reach, and quick.
    minds: ['line', 'quick'],
    lines: [
      {
        ...{
          on: ['leader', 'replica', 'proxy'],
          params: [{bandwidth: '2Mbit'}, {bandwidth: '5Mbit'}],
          kind: 'bandwidth',
        },
        ...{heals: true, impairs: impairsNobody, holdMs: seconds(5, 20), strikesLeader: false, place: 16},
      },
      {
        ...{
          on: ['leader', 'replica', 'proxy'],
          params: [{delay: '20ms'}, {delay: '50ms'}, {delay: '100ms'}, {loss: '2%'}, {delay: '20ms', loss: '1%'}],
          kind: 'delay',
        },
        ...{heals: true, impairs: impairsNobody, holdMs: seconds(5, 20), strikesLeader: false, place: 17},
      },
    ],
  },

  async inject(on, params) {
    const {lab, hosts} = on
    const clients = hosts.filter(host => hostsWith(lab.topology, 'client').includes(host))
    if (clients.length > 0)
      throw new LabError('no-target', `${clients.join(', ')} has no tools to slow its network`, {
        hint: 'slow the proxy instead: `on: proxy`',
      })
    const slowness = slownessOf(params)
    const script = (limitMs: number) => `${undoLater(limitMs, 'unslow-network')} &&\n${slowScript(slowness)}`
    const lines = await linesFrom(lab, hosts)
    await using senders = await Shells.open(lab, hosts)
    const before = await measure(lab, senders, lines, slowness)

    for (const host of hosts)
      await on.mend(
        {do: 'unslow-network', host},
        stillPrints(host, slowedScript, 'yes', `the queue of ${host} is gone`),
      )
    let endsAt = 0
    for (const host of hosts)
      on.again(host, async () => {
        const leftMs = (endsAt - on.now()) / 1000
        if (leftMs < 1000) return
        await using shell = await openShell(lab, host)
        await shell.run(script(leftMs))
      })
    await on.broke(() => {
      endsAt = on.now() + params.limit * 1000 // `broke` may wait for the right moment
      return senders.run(() => script(params.limit))
    })

    const {holds, says} = judged(slowness, before, await measure(lab, senders, lines, slowness))
    on.proof(holds, says)
  },
}

function slownessOf({bandwidth, delay, jitter, loss}: Params): Slowness {
  return {bandwidth, delayMs: delay, jitterMs: jitter, lossPercent: loss}
}

interface NetworkLine {
  readonly from: HostName
  readonly to: HostName
  readonly port: number
}

/** A line from each host to one that runs and is not slowed itself, if there is such a one. */
async function linesFrom(lab: Lab, hosts: readonly HostName[]): Promise<readonly NetworkLine[]> {
  const clients = hostsWith(lab.topology, 'client')
  const up = (await lab.docker.containers(lab.name))
    .filter(one => one.state === 'running' && !clients.includes(one.host))
    .map(one => one.host)
    .toSorted()
  return hosts.map((from, index) => {
    const others = up.filter(host => host !== from)
    const to = others.find(host => !hosts.includes(host)) ?? others[0]
    if (to === undefined)
      throw new LabError('no-target', `no other host runs that could see ${from} being slow`, {
        hint: onLab(lab.name, 'heal'),
      })
    return {from, to, port: firstPort + index}
  })
}

/** Nothing of a lab listens there. */
const firstPort = 5900
/** What is sent to measure a bandwidth takes this long on the slow line. */
const sendMs = 400
const mostBytes = 16 * 2 ** 20
const measureWithinSeconds = 20

export interface Measured extends NetworkLine {
  /** Bits per second; null when it was not asked for. */
  readonly bandwidth: number | null
  readonly ping: Pinged | null
}

async function measure(
  lab: Lab,
  senders: Shells,
  lines: readonly NetworkLine[],
  slowness: Slowness,
): Promise<readonly Measured[]> {
  const {bandwidth, delayMs, lossPercent} = slowness
  const speeds = bandwidth === undefined ? null : await speedsOf(lab, senders, lines, bandwidth)
  const pings =
    delayMs === undefined && lossPercent === undefined ? null : await pingsOf(lab, senders, lines, lossPercent)
  return lines.map(line => ({
    ...line,
    bandwidth: speeds?.get(line.from) ?? null,
    ping: pings?.get(line.from) ?? null,
  }))
}

/** Bytes are sent, and counted as through when the other side has them all. */
async function speedsOf(
  lab: Lab,
  senders: Shells,
  lines: readonly NetworkLine[],
  bitsPerSecond: number,
): Promise<ReadonlyMap<HostName, number>> {
  const {addresses} = lab.allocation
  const bytes = Math.min(mostBytes, Math.ceil((bitsPerSecond / 8) * (sendMs / 1000)) + 16_384)
  const line = (host: HostName) => lines.find(one => one.from === host)!
  await using stack = new AsyncDisposableStack()
  const received = await Promise.all(
    lines.map(async ({from, to, port}) => {
      const shell = stack.use(await openShell(lab, to))
      const listen = `timeout ${measureWithinSeconds} socat -u TCP-LISTEN:${port},reuseaddr - | wc -c`
      // Asked for before anything is sent, and waited for afterwards.
      return {from, count: shell.run(listen).then(out => ({out: Number(out), at: performance.now()}))}
    }),
  )
  const began = new Map<HostName, number>()
  await senders.run(host => {
    const {to, port} = line(host)
    began.set(host, performance.now())
    return `\
head -c ${bytes} /dev/zero | timeout ${measureWithinSeconds} \\
  socat -u - TCP:${addresses[to]}:${port},retry=50,interval=0.02`
  })
  const speeds = await Promise.all(
    received.map(async ({from, count}) => {
      const {out, at} = await count
      return [from, (out * 8) / ((at - (began.get(from) ?? at)) / 1000)] as const
    }),
  )
  return new Map(speeds)
}

async function pingsOf(
  lab: Lab,
  senders: Shells,
  lines: readonly NetworkLine[],
  lossPercent: number | undefined,
): Promise<ReadonlyMap<HostName, Pinged>> {
  const count = lossPercent === undefined ? 5 : pingsToSee(lossPercent)
  const printed = await senders.run(host => {
    const to = lines.find(one => one.from === host)?.to ?? host
    return `ping -q -n -c ${count} -i 0.005 -W 2 ${lab.allocation.addresses[to]} || [ $? -eq 1 ]`
  })
  return new Map([...printed].map(([host, out]) => [host, pinged(out)]))
}

/** A line measured at this many times what it may carry is not limited; timers and bursts make it a little faster than told. */
const tolerance = 1.5

/** It holds when the line is as slow as it should be, and was not before. */
export function judged(
  {bandwidth, delayMs, jitterMs = 0, lossPercent}: Slowness,
  before: readonly Measured[],
  after: readonly Measured[],
): {holds: boolean; says: string} {
  const seen = after.flatMap((now, index) => {
    const was = before[index]
    const line = `${now.from} to ${now.to}`
    return [
      ...(bandwidth === undefined
        ? []
        : [
            {
              holds:
                now.bandwidth !== null &&
                now.bandwidth <= bandwidth * tolerance &&
                (was?.bandwidth ?? 0) > bandwidth * tolerance,
              says: `${line} carries ${bits(now.bandwidth)}, ${bits(was?.bandwidth ?? null)} before`,
            },
          ]),
      ...(delayMs === undefined
        ? []
        : [
            {
              holds:
                now.ping?.averageMs != null &&
                was?.ping?.averageMs != null &&
                now.ping.averageMs >= was.ping.averageMs + (delayMs - jitterMs) * 0.8,
              says: `a round trip from ${line} takes ${millis(now.ping)}, ${millis(was?.ping ?? null)} before`,
            },
          ]),
      ...(lossPercent === undefined
        ? []
        : [
            {
              holds:
                now.ping !== null &&
                now.ping.received < now.ping.sent &&
                was?.ping != null &&
                was.ping.received === was.ping.sent,
              says: `${line} lost ${lost(now.ping)} pings, ${lost(was?.ping ?? null)} before`,
            },
          ]),
    ]
  })
  const wrong = seen.filter(one => !one.holds)
  return {
    holds: seen.length > 0 && wrong.length === 0,
    says: (wrong.length > 0 ? wrong : seen).map(one => one.says).join('; ') || 'nothing was measured',
  }
}

function bits(perSecond: number | null): string {
  return perSecond === null ? 'nobody knows what' : `${(perSecond / 1e6).toPrecision(3)} Mbit/s`
}

function millis(ping: Pinged | null): string {
  return ping?.averageMs == null ? 'for ever' : `${ping.averageMs} ms`
}

function lost(ping: Pinged | null): string {
  return ping === null ? 'nobody knows how many' : `${ping.sent - ping.received} of ${ping.sent}`
}
