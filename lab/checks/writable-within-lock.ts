/**
 * Only who holds the leader key takes writes: every moment at which a server was surely writable, by its own answer or by a
 * write that it acknowledged, lies within the time for which its host had the key.
 *
 * A watch tells a change of the key up to some 100 ms after it, and the probe asks twenty times a second, so `slack` is allowed on
 * either side, and as much more as our own timers ran late. Two modes of Patroni do without the key, and are excepted:
 * with failsafe mode the last holder may go on while nobody has the key (`ha.py: Ha.handle_dcs_error`, `check_failsafe_topology`),
 * in maintenance mode (`patronictl pause`) nobody is demoted for not having it (`ha.py: Ha._run_cycle`), to one loop after it.
 */
import {z} from 'zod'
import {isElsewhere, isOfFollower} from '../history/cluster-view.ts'
import {type History, of} from '../history/history.ts'
import {lateness} from '../history/lateness.ts'
import {momentsOf} from '../history/moments.ts'
import {promotedWithoutKey} from '../history/promotions.ts'
import {reignsOf} from '../history/reigns.ts'
import {whyPromotionsUnseen} from '../history/servers-seen.ts'
import type {Sighting} from '../history/sightings.ts'
import {pausesOf, type Tenure, tenuresOf} from '../history/tenures.ts'
import {blind} from '../history/watching.ts'
import type {HostName} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {duration} from '../words/schemas.ts'
import type {Check} from './check.ts'

export interface WritableWithinLockParams {
  /** Milliseconds that a server may be seen writable before its host was seen with the key, or after. */
  readonly slack: number
}

interface Outside {
  readonly host: HostName
  readonly sighting: Sighting
  /** From the nearest moment of its tenure. */
  readonly by: Micros
  /** Who had the key then. */
  readonly during: Tenure
}

export const writableWithinLock: Check<WritableWithinLockParams> = {
  about: 'No server takes writes while its host does not hold the leader key (failsafe and maintenance mode excepted).',
  evidence: ['etcd', 'postgres', 'clients', 'engine', 'patroni', 'runner', 'logs'],
  ofEach: 'cluster',
  params: z.strictObject({slack: duration.prefault('300ms')}),

  contradiction(history) {
    const moments = momentsOf(history)
    if (moments === null) return null
    const pauses = pausesOf(history)
    const [sign] = promotedWithoutKey(history, moments.steps, moments.end).filter(
      ({at}) => !pauses.some(one => at >= one.from && at <= one.to + oneLoopOf(history)),
    )
    return sign === undefined ? null : {sign, verdict: 'fail'}
  },

  judge(history, {slack: slackMs}) {
    const moments = momentsOf(history)
    const tenures = tenuresOf(history)
    if (moments === null || tenures.length === 0)
      return {verdict: 'unknown', says: 'No watch told who held the leader key.'}
    const slack = slackMs * 1000
    const {seen, unknown, beyond} = sightingsOf(history, tenures, moments.end, slack)
    const {excused, accused} = excuse(history, tenures, beyond)
    const late = accused.length === 0 ? 0 : lateness(history, accused[0]!.sighting.from - slack, moments.end).micros
    const bad = accused.filter(one => one.by > slack + late)
    const measures = {
      sightings: seen,
      outside: bad.length,
      longestOutsideMicros: accused.reduce((most, one) => Math.max(most, one.by), 0),
      excepted: excused.size === 0 ? 0 : [...excused.values()].reduce((sum, many) => sum + many, 0),
      slackMicros: slack,
    }
    const excepted =
      excused.size === 0 ? '' : `; excepted: ${[...excused].map(([why, many]) => `${many} in ${why}`).join(', ')}`
    const worst = (bad.length > 0 ? bad : accused).toSorted((a, b) => b.by - a.by)[0]
    if (worst) {
      const everHeld = tenures.some(one => one.holder === worst.host)
      const says = sayWorst(worst, everHeld)
      const evidence = [...new Set([worst.during.event, (bad[0] ?? worst).sighting.event, worst.sighting.event])]
      if (bad.length > 0)
        return {
          verdict: 'fail',
          says: `${says} (${bad.length} sightings, ${sayMicros(slack)} are allowed${excepted}).`,
          measures,
          evidence,
          hint: everHeld
            ? `read the log of ${worst.host}: what let its PostgreSQL take writes without the key?`
            : `somebody promoted ${worst.host} past Patroni (its log tells when), or its Patroni has another scope or namespace`,
        }
      return {
        verdict: 'unknown',
        says: `${says}; ${sayMicros(slack)} are allowed, but a timer of ours ran ${sayMicros(late)} late.`,
        measures,
        evidence,
      }
    }
    const doubts = [
      blind(history, 'etcd', moments.steps, moments.end),
      whyPromotionsUnseen(history, moments.steps, moments.end),
      unknown > 0 ? `${unknown} times a server took writes when nobody watched who held the key` : null,
      seen === 0 && !isOfFollower(history) ? 'no server was ever seen taking writes' : null,
    ].filter(one => one !== null)
    if (doubts.length > 0)
      return {
        verdict: 'unknown',
        says: `No server was seen taking writes without the key, but ${doubts.join('; ')}.`,
        measures,
      }
    return {
      verdict: 'pass',
      says: `Whoever took writes held the leader key (${seen} sightings, within ${sayMicros(slack)}${excepted}).`,
      measures,
    }
  },
}

/** How often somebody was seen writable, and the sightings that lie further outside a tenure than is allowed. */
function sightingsOf(history: History, tenures: readonly Tenure[], end: Micros, slack: Micros) {
  const known = tenures[0]!.from
  const beyond: Outside[] = []
  let seen = 0
  let unknown = 0
  // Whether a server of another cluster held the key is asked there.
  for (const {host, sightings} of reignsOf(history).filter(one => !isElsewhere(history, one.host)))
    for (const sighting of sightings) {
      if (sighting.from <= known || sighting.to > end) continue
      seen++
      if (!tenures.some(one => one.from <= sighting.to && one.to >= sighting.from)) {
        unknown++
        continue
      }
      const outside = outsideOf(tenures, host, sighting)
      if (outside && outside.by > slack) beyond.push(outside)
    }
  return {seen, unknown, beyond}
}

/** @param everHeld who was promoted by hand, or leads a cluster of its own, never had it. */
function sayWorst({host, during, by}: Outside, everHeld: boolean): string {
  const holder = during.holder === null ? 'nobody held the leader key' : `${during.holder} held the leader key`
  const outside = everHeld ? `${sayMicros(by)} outside its tenure` : 'without ever having held the leader key'
  return `${host} took writes ${outside}, while ${holder}`
}

/** Undefined when at some moment of the sighting the host may have held the key. */
function outsideOf(tenures: readonly Tenure[], host: HostName, sighting: Sighting): Outside | undefined {
  let during = tenures[0]!
  let by = Number.POSITIVE_INFINITY
  for (const tenure of tenures) {
    const {holder, earliest: from, to} = tenure
    if (from <= sighting.to) during = tenure
    if (holder !== host) continue
    if (from <= sighting.to && to >= sighting.from) return undefined
    by = Math.min(by, from > sighting.to ? from - sighting.to : sighting.from - to)
  }
  // Of a host that never had the key: since the beginning of what is known.
  return {host, sighting, during, by: Number.isFinite(by) ? by : sighting.to - tenures[0]!.from}
}

/** In maintenance mode nobody is demoted for want of the key, to one loop after it. */
function oneLoopOf(history: History): Micros {
  return (of(history, 'run-started')[0]?.topology.patroni.loopWaitSeconds ?? 0) * 1_000_000
}

function excuse(history: History, tenures: readonly Tenure[], beyond: readonly Outside[]) {
  const patroni = of(history, 'run-started')[0]?.topology.patroni
  const oneLoop = oneLoopOf(history)
  const pauses = pausesOf(history)
  const excused = new Map<string, number>()
  const accused = beyond.filter(({host, sighting, during}) => {
    const before = tenures[tenures.indexOf(during) - 1]
    const why = pauses.some(one => sighting.from >= one.from && sighting.to <= one.to + oneLoop)
      ? 'maintenance mode'
      : patroni?.failsafeMode && during.holder === null && before?.holder === host
        ? 'failsafe mode'
        : undefined
    if (why !== undefined) excused.set(why, (excused.get(why) ?? 0) + 1)
    return why === undefined
  })
  return {excused, accused}
}
