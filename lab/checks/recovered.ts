/**
 * After the healing the cluster is whole again: one primary, every other member streaming on the same timeline, from whomever. As an
 * `until` between the faults of a scenario it is about the last thing that was done, a mend or a fault that needs none; where
 * such a step ran out, the cluster did not come back that time, whatever it did later.
 */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {isWritable} from '../history/failover.ts'
import {type History, lastOf, of} from '../history/history.ts'
import {inTime, sayDoubt, starvedFor} from '../history/lateness.ts'
import {momentsOf} from '../history/moments.ts'
import type {Step} from '../history/scenario-values.ts'
import {whyNotAsked} from '../history/servers-seen.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import type {Check, Finding} from './check.ts'

export interface RecoveredParams {
  /** Milliseconds, from the beginning of the healing. */
  readonly within: number
}

/** One sample that was lost on its way is no sign; this long without an answer is. */
const silentAfter: Micros = 2_000_000
/** What was done just now may not be seen yet. */
const seenAfter: Micros = 1_000_000

export const recovered: Check<RecoveredParams> = {
  about: 'Soon after the healing there is one primary and every other member streams, on one timeline, to the end.',
  evidence: ['postgres', 'engine', 'runner', 'disk'],
  params: z.strictObject({within: positiveDuration}),

  judge(history, {within}) {
    const moments = momentsOf(history)
    const topology = of(history, 'run-started')[0]?.topology
    const atEnd = of(history, 'phase').find(one => one.name === 'healing')?.at
    const healing = atEnd ?? lastDone(history)
    if (moments === null || topology === undefined || healing === undefined)
      return {verdict: 'unknown', says: 'The healing never began.'}
    if (atEnd === undefined && moments.end - healing < seenAfter)
      return {verdict: 'unknown', says: 'What was done last was done just now.'}
    const inVain = waitedInVain(history)
    if (inVain) return inVain
    const hosts = hostsWith(topology, 'patroni')
    const limit = within * 1000
    const {latest, wholeSince, lacking} = seen(history, hosts, healing, moments.end)
    const last = hosts.flatMap(host => latest.get(host) ?? [])
    const blindness = whyNotAsked(history, healing, moments.end)
    if (blindness) return {verdict: 'unknown', says: `Whether the cluster is whole is not known: ${blindness}.`}
    const waited = moments.end - healing
    if (wholeSince === null)
      return {
        verdict: waited >= limit ? 'fail' : 'unknown',
        says: `The cluster is not whole ${sayMicros(waited)} after the healing began: ${lacking}.`,
        measures: {recoveredMicros: null, limitMicros: limit},
        evidence: last,
        hint: readOn,
      }
    const took = Math.max(0, wholeSince - healing)
    const measures = {recoveredMicros: took, limitMicros: limit}
    const leader = last.find(isWritable)
    const starved = starvedFor(history, healing, wholeSince)
    const timely = inTime({from: took, to: took}, limit, starved)
    if (timely !== 'pass')
      return {
        verdict: timely,
        says: `The cluster was whole ${sayMicros(took)} after the healing began, ${sayMicros(limit)} are allowed; ${timely === 'fail' ? `before that ${lacking}` : sayDoubt(starved)}.`,
        measures,
        evidence: last,
      }
    return {
      verdict: 'pass',
      says: `Whole ${sayMicros(took)} after the healing began: ${leader?.host} leads on timeline ${leader?.timeline}, the others stream.`,
      measures,
      evidence: last,
    }
  },
}

/** While the steps are played: the last mend, or the last fault, which may need none. */
function lastDone(history: History): Micros | undefined {
  if (of(history, 'run-ended').length > 0) return undefined
  return lastOf(history, ['fault-injected', 'fault-proof', 'fault-mended'])?.at
}

/** A step that waited for this very thing ran out of time. */
function waitedInVain(history: History): Finding | undefined {
  const steps = of(history, 'run-started')[0]?.scenario.steps ?? []
  const ended = of(history, 'step-ended').find(one => !one.ok && isWait(steps[one.index]))
  if (ended === undefined) return undefined
  const began = of(history, 'step-started').findLast(one => one.index === ended.index)
  const blindness = began ? whyNotAsked(history, began.at, ended.at) : null
  return {
    verdict: blindness === null ? 'fail' : 'unknown',
    says: `Step ${ended.index + 1} waited in vain for the cluster to be whole: ${blindness ?? ended.says}`,
    measures: {recoveredMicros: null},
    evidence: began ? [began, ended] : [ended],
    hint: readOn,
  }
}

/** No command: whoever prints it knows how the program was called, and prints the report's place. */
const readOn = "the HTML form of the report has the hosts' logs beside what was seen; `report` makes it"

/** Why the cluster was not whole at `end`, by the samples since a little before the healing; null: it was. */
export function brokenUp(history: History, healing: Micros, end: Micros): string | null {
  const topology = of(history, 'run-started')[0]?.topology
  const {wholeSince, lacking} = seen(history, topology ? hostsWith(topology, 'patroni') : [], healing, end)
  return wholeSince === null ? lacking : null
}

function seen(history: History, hosts: readonly HostName[], healing: Micros, end: Micros) {
  const latest = new Map<HostName, Of<'postgres'>>()
  let wholeSince: Micros | null = null
  let lacking = 'no member was seen'
  for (const sample of of(history, 'postgres')) {
    if (sample.at > end) break
    // Only the last samples before the healing matter; a long run is asked again and again.
    if (sample.at < healing - 2 * silentAfter) continue
    if (sample.up || sample.at - (latest.get(sample.host)?.at ?? 0) > silentAfter) latest.set(sample.host, sample)
    const why = whyNotWhole(hosts, latest, sample.at)
    if (why === null) wholeSince ??= sample.at
    else {
      wholeSince = null
      lacking = why
    }
  }
  return {latest, wholeSince, lacking}
}

function isWait(step: Step | undefined): boolean {
  return step?.do === 'until' && step.check === 'recovered'
}

function whyNotWhole(
  hosts: readonly HostName[],
  latest: ReadonlyMap<HostName, Of<'postgres'>>,
  now: Micros,
): string | null {
  const seen = hosts.map(host => ({host, sample: latest.get(host)}))
  const silent = seen.find(({sample}) => sample === undefined || !sample.up || now - sample.at > silentAfter)
  if (silent) return `${silent.host} does not answer`
  const primaries = seen.filter(({sample}) => isWritable(sample!))
  if (primaries.length !== 1) return `${primaries.length} members take writes`
  const {timeline} = primaries[0]!.sample!
  const idle = seen.find(({host, sample}) => host !== primaries[0]!.host && sample!.receiver !== 'streaming')
  if (idle) return `${idle.host} does not stream`
  const apart = seen.find(({sample}) => sample!.timeline !== timeline)
  return apart ? `${apart.host} is on timeline ${apart.sample!.timeline}, the leader on ${timeline}` : null
}
