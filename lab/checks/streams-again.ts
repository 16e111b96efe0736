/** Who streamed from a server that is lost streams from another one: a cascade goes on although its middle is gone. */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import {between, inTime, sayDoubt, starvedFor} from '../history/lateness.ts'
import {momentsOf} from '../history/moments.ts'
import {blind} from '../history/watching.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import {type Check, type Finding, merge} from './check.ts'

export interface StreamsAgainParams {
  /** Milliseconds, from the fault. */
  readonly within: number
}

export const streamsAgain: Check<StreamsAgainParams> = {
  about:
    'Every replica that streamed from a server that the first fault struck streams from another one soon, and before the mend.',
  evidence: ['patroni', 'engine', 'runner', 'disk'],
  ofFault: 'any',
  params: z.strictObject({within: positiveDuration}),

  judge(history, {within}) {
    const moments = momentsOf(history)
    const [fault] = of(history, 'fault-injecting')
    const topology = of(history, 'run-started')[0]?.topology
    if (moments === null || fault === undefined || topology === undefined)
      return {verdict: 'unknown', says: 'No fault was injected, so nobody had to stream from another server.'}
    const others = hostsWith(topology, 'patroni').filter(host => !fault.hosts.includes(host))
    const orphans = others.filter(host => fault.hosts.some(source => hadReplica(history, source, host, fault.at)))
    if (orphans.length === 0)
      return {
        verdict: 'unknown',
        says: `No replica was seen streaming from ${fault.hosts.join(' or ')} before the fault.`,
      }
    const span = {fault, others, end: moments.mending, limit: within * 1000}
    const each = orphans.map(host => judgeOne(history, host, span))
    const verdict = merge(each.map(one => one.verdict))
    const worst = each.filter(one => one.verdict === verdict)
    return {
      verdict,
      says: worst.map(one => one.says).join(' '),
      measures: {
        streamsAgainMicros: each.some(one => one.took === null) ? null : Math.max(...each.map(one => one.took ?? 0)),
        limitMicros: span.limit,
      },
      evidence: each.flatMap(one => one.evidence ?? []),
      ...(verdict === 'fail' ? {hint: `read the log of ${orphans.join(' and ')}: whom does it follow, and why?`} : {}),
    }
  },
}

interface Span {
  readonly fault: Of<'fault-injecting'>
  /** The members that it did not strike. */
  readonly others: readonly HostName[]
  /** From the mend on the source may be back. */
  readonly end: Micros
  readonly limit: Micros
}

interface Judged extends Finding {
  readonly took: Micros | null
}

function judgeOne(history: History, host: HostName, {fault, others, end, limit}: Span): Judged {
  const sources = others.filter(one => one !== host)
  const again = of(history, 'patroni').find(
    one => one.at > fault.at && one.at <= end && sources.includes(one.host) && streamsFrom(one, host),
  )
  const lost = fault.hosts.join(' and ')
  if (again === undefined) {
    const blindness = blind(history, 'patroni', fault.at, end, sources)
    const waited = end - fault.at
    const says = `${host} streamed from nobody else in the ${sayMicros(waited)} from the loss of ${lost} to its mend, ${sayMicros(limit)} are allowed`
    if (blindness !== null || waited <= limit)
      return {verdict: 'unknown', says: blindness === null ? `${says}.` : `${says}, but ${blindness}.`, took: null}
    return {verdict: 'fail', says: `${says}.`, took: null}
  }
  const took = again.at - fault.at
  const starved = starvedFor(history, fault.at, again.at)
  const verdict = inTime(between(history, fault, again), limit, starved)
  const doubt = verdict === 'unknown' ? `, but ${sayDoubt(starved)}` : ''
  return {
    verdict,
    says: `${host} streamed from ${again.host} ${sayMicros(took)} after the loss of ${lost}, ${sayMicros(limit)} are allowed${doubt}.`,
    took,
    evidence: [again],
  }
}

/** By the last word of its source before the fault. */
function hadReplica(history: History, source: HostName, host: HostName, before: Micros): boolean {
  const last = of(history, 'patroni').findLast(one => one.host === source && one.at <= before && one.code !== null)
  return last !== undefined && streamsFrom(last, host)
}

function streamsFrom({streaming}: Of<'patroni'>, host: HostName): boolean {
  return streaming.some(one => one.name === host && one.state === 'streaming')
}
