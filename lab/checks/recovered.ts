/** After the healing the cluster is whole again: one primary, every other member streaming from it on the same timeline. */
import {z} from 'zod'
import type {HostName, Micros, Of} from '../event.ts'
import {isWritable} from '../failover.ts'
import {of} from '../history.ts'
import {momentsOf} from '../moments.ts'
import {duration, sayMicros} from '../quantity.ts'
import {hostsWith} from '../topology.ts'
import type {Check} from '../unit.ts'
import {blind} from '../watching.ts'

export interface RecoveredParams {
  /** Milliseconds, from the beginning of the healing. */
  readonly within: number
}

/** One sample that was lost on its way is no sign; this long without an answer is. */
const silentAfter: Micros = 2_000_000

export const recovered: Check<RecoveredParams> = {
  about:
    'Soon after the healing there is one primary and every other member streams from it, on one timeline, to the end.',
  params: z.strictObject({within: duration}),

  judge(history, {within}) {
    const moments = momentsOf(history)
    const topology = of(history, 'run-started')[0]?.topology
    const healing = of(history, 'phase').find(one => one.name === 'healing')?.at
    if (moments === null || topology === undefined || healing === undefined)
      return {verdict: 'unknown', says: 'The healing never began.'}
    const hosts = hostsWith(topology, 'patroni')
    const limit = within * 1000
    const latest = new Map<HostName, Of<'postgres'>>()
    let wholeSince: Micros | null = null
    let lacking = 'no member was seen'
    for (const sample of of(history, 'postgres')) {
      if (sample.at > moments.end) break
      if (sample.up || sample.at - (latest.get(sample.host)?.at ?? 0) > silentAfter) latest.set(sample.host, sample)
      const why = whyNotWhole(hosts, latest, sample.at)
      if (why === null) wholeSince ??= sample.at
      else {
        wholeSince = null
        lacking = why
      }
    }
    const last = hosts.flatMap(host => latest.get(host) ?? [])
    const blindness = blind(history, 'postgres', healing, moments.end)
    if (blindness) return {verdict: 'unknown', says: `Whether the cluster is whole is not known: ${blindness}.`}
    const waited = moments.end - healing
    if (wholeSince === null)
      return {
        verdict: waited >= limit ? 'fail' : 'unknown',
        says: `The cluster is not whole ${sayMicros(waited)} after the healing began: ${lacking}.`,
        measures: {recoveredMicros: null, limitMicros: limit},
        evidence: last,
        hint: 'read the log of that member in the run folder',
      }
    const took = Math.max(0, wholeSince - healing)
    const measures = {recoveredMicros: took, limitMicros: limit}
    const leader = last.find(isWritable)
    if (took > limit)
      return {
        verdict: 'fail',
        says: `The cluster was whole ${sayMicros(took)} after the healing began, ${sayMicros(limit)} are allowed; before that ${lacking}.`,
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
