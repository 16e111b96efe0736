/** Two servers took writes at once: what a scenario expects that teaches how it comes to that. */
import {z} from 'zod'
import {type History, of} from '../history/history.ts'
import {momentsOf} from '../history/moments.ts'
import {findOverlap, type Reign, reignsOf, sayReign} from '../history/reigns.ts'
import {sayBlank, unseenWrites} from '../history/servers-seen.ts'
import {lacks} from '../history/watching.ts'
import {hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {duration} from '../words/schemas.ts'
import type {Check} from './check.ts'

export interface TwoWritablePrimariesParams {
  /** Milliseconds; how long at least both were seen taking writes. */
  readonly 'at-least': number
}

export const twoWritablePrimaries: Check<TwoWritablePrimariesParams> = {
  about: 'Two servers do take writes at the same time (expected where nothing fences the old one).',
  evidence: ['postgres', 'clients', 'engine', 'runner'],
  ofFault: 'any',
  params: z.strictObject({'at-least': duration.prefault('0s')}),

  judge(history, {'at-least': atLeastMs}) {
    const reigns = reignsOf(history)
    const overlap = findOverlap(reigns)
    if (!overlap) {
      if (reigns.length === 0) return {verdict: 'unknown', says: 'No server was ever seen taking writes.'}
      const blindness = unseen(history, atLeastMs * 1000)
      const evidence = reigns.flatMap(reign => reign.sightings.at(-1)?.event ?? []).slice(-3)
      const says = 'No two servers were seen taking writes at once'
      return blindness
        ? {verdict: 'unknown', says: `${says}, but ${blindness}.`, evidence}
        : {verdict: 'fail', says: `${says}: something fenced the old primary.`, evidence, pending: true}
    }
    const lasted = lastedTogether(overlap.of, overlap.during)
    const measures = {overlapMicros: lasted, atLeastMicros: atLeastMs * 1000}
    const says = `${sayReign(overlap.of)} and ${sayReign(overlap.during)} took writes at once for ${sayMicros(lasted)}`
    const blindness = lasted < atLeastMs * 1000 ? unseen(history, atLeastMs * 1000) : null
    if (blindness)
      return {
        verdict: 'unknown',
        says: `${says}; at least ${sayMicros(atLeastMs * 1000)} was expected, but ${blindness}.`,
        measures,
        evidence: overlap.evidence,
      }
    return lasted < atLeastMs * 1000
      ? {
          verdict: 'fail',
          says: `${says}; at least ${sayMicros(atLeastMs * 1000)} was expected.`,
          measures,
          evidence: overlap.evidence,
          pending: true,
        }
      : {verdict: 'pass', says: `${says}: a split brain.`, measures, evidence: overlap.evidence}
  },
}

/** Why they may have taken writes at once for so long, though nobody surely saw it. */
function unseen(history: History, atLeast: Micros): string | null {
  const moments = momentsOf(history)
  const topology = of(history, 'run-started')[0]?.topology
  if (moments === null || topology === undefined) return 'the steps never began'
  const [first] = hostsWith(topology, 'patroni').flatMap(host =>
    unseenWrites(history, host, moments.steps, moments.end),
  )
  if (first !== undefined) return sayBlank(first)
  const untold = lacks(history, 'clients', {from: moments.steps, to: moments.end})
  if (untold !== null) return untold
  return mayHaveLasted(history) > atLeast ? 'what was answered between their writes cannot be put in order' : null
}

/** From the first to the last sighting on its timeline, whatever was answered between them. */
function mayHaveLasted(history: History): Micros {
  const whole = Map.groupBy(reignsOf(history), one => `${one.host} ${one.timeline}`)
  const spans = [...whole.values()].map(reigns => ({
    host: reigns[0]!.host,
    from: Math.min(...reigns.map(one => one.sightings.at(0)!.from)),
    to: Math.max(...reigns.map(one => one.sightings.at(-1)!.to)),
  }))
  const overlaps = spans.flatMap(one =>
    spans.flatMap(other =>
      other.host === one.host ? [] : Math.min(one.to, other.to) - Math.max(one.from, other.from),
    ),
  )
  return Math.max(0, ...overlaps)
}

/** Both reigns surely lasted from the earliest end of a sighting to the latest beginning of one. */
function lastedTogether(one: Reign, other: Reign): Micros {
  const [a, b] = [one.sightings.ends, other.sightings.ends]
  return Math.max(0, Math.min(a.last.from, b.last.from) - Math.max(a.first.to, b.first.to))
}
