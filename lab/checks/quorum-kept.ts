/**
 * A majority of etcd's members answers and knows a leader: without it nobody can take the leader key, or keep it. Each member is asked
 * four times a second, so an election that takes less may pass unseen. Of a member that is not asked nothing is known.
 */

import {z} from 'zod'
import {joined, outside, type Stretch} from '../history/at-rest.ts'
import type {Of} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import {inTime, lateness, sayDoubt, starvedFor, whenWas} from '../history/lateness.ts'
import {asked, gapsOf, reportEvery, unaskedOf} from '../history/looks.ts'
import {momentsOf, sayBegin} from '../history/moments.ts'
import {looksOf} from '../history/watching.ts'
import {firstCluster} from '../topology/clusters.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {duration} from '../words/schemas.ts'
import type {Check} from './check.ts'

export interface QuorumKeptParams {
  /** Milliseconds; unless given, what an election of etcd may take. */
  readonly 'at-most': number
}

/** Two questions to a member that does not answer. */
const apart: Micros = 1_250_000

export const quorumKept: Check<QuorumKeptParams> = {
  about:
    "From the first fault to the end, a majority of etcd's members answers and knows a leader, but for no longer than this at a time.",
  evidence: ['etcd', 'runner', 'disk'],
  ofFault: 'calm',
  params: z.strictObject({'at-most': duration.prefault('3s')}),

  judge(history, {'at-most': mostMs}) {
    const moments = momentsOf(history)
    const topology = of(history, 'run-started')[0]?.topology
    if (moments === null || topology === undefined) return {verdict: 'unknown', says: 'The steps never began.'}
    const limit = mostMs * 1000
    const zero = moments.fault ?? moments.steps
    const members = hostsWith(firstCluster(topology), 'etcd').map(host => memberOf(history, host))
    const span = {from: moments.earliest, to: moments.end}
    const lost = longest(partsOf(members, span).filter(one => one.gone >= members.length - majorityOf(members) + 1))
    const doubtful = partsOf(members, span).filter(one => one.here < majorityOf(members))
    const perhaps = longest(doubtful)
    const measures = {members: members.length, withoutMicros: lengthOf(lost), withoutLimitMicros: limit}
    if (lost !== undefined) {
      // Where it ends is as well known as whoever was late around it lets it be.
      const around = joined(doubtful).find(({from, to}) => from <= lost.from && to >= lost.to) ?? lost
      const starved = starvedFor(history, around.from, around.to)
      const verdict = inTime({from: lengthOf(lost), to: Math.max(lengthOf(lost), lengthOf(perhaps))}, limit, starved)
      const without = members.filter(one => one.gone.some(({from, to}) => from < lost.to && to > lost.from))
      const says = `etcd had no majority for ${sayMicros(lengthOf(lost))}, from ${sayMicros(Math.max(0, lost.from - zero))} after ${sayBegin(moments)}: ${without.map(one => one.host).join(' and ')} did not answer, or knew no leader`
      if (verdict === 'fail')
        return {
          verdict,
          says: `${says}; ${sayMicros(limit)} are allowed.`,
          measures,
          evidence: without.flatMap(one => one.told.findLast(({at}) => at <= lost.to) ?? []),
          hint: 'what struck so many members at once? their logs say when each lost the others, or its leader',
        }
      if (verdict === 'pass') return {verdict, says: `${says}; ${sayMicros(limit)} are allowed.`, measures}
      return {verdict, says: `${says}; ${sayMicros(limit)} are allowed, but ${sayDoubt(starved)}.`, measures}
    }
    if (lengthOf(perhaps) > limit)
      return {
        verdict: 'unknown',
        says: `etcd was not seen without a majority, but for ${sayMicros(lengthOf(perhaps))} too few of its members were seen.`,
        measures,
      }
    return {
      verdict: 'pass',
      says: `${members.length === 1 ? "etcd's only member" : `A majority of etcd's ${members.length} members`} answered and knew a leader, but for ${sayMicros(lengthOf(perhaps))} at most (${sayMicros(limit)} are allowed).`,
      measures,
    }
  },
}

interface Member {
  readonly host: HostName
  readonly told: readonly Of<'etcd-member'>[]
  /** It answered and knew a leader; it did not; for certain. What lies between is not known. In the order of time. */
  readonly here: readonly Stretch[]
  readonly gone: readonly Stretch[]
}

function memberOf(history: History, host: HostName): Member {
  const told = of(history, 'etcd-member').filter(one => one.host === host)
  // Up to a second and a quarter before it was heard again it had not answered yet, or the runner was late to hear it.
  const firstSign = ({at}: Of<'etcd-member'>) => at - apart - lateness(history, at - apart, at).micros
  const stretches = (isHere: boolean) =>
    told.flatMap((one, index): Stretch[] => {
      if ((one.up && one.leader !== null) !== isHere) return []
      const next = told[index + 1]
      // Who does not answer is asked in vain, which is no gap; of who answers nobody knows then what it would have said.
      const gaps = one.up ? gapsOf(history, 'etcd', host) : unaskedOf(history, 'etcd', host)
      const gap = gaps.find(({to}) => to > one.at)?.from ?? Number.POSITIVE_INFINITY
      const to = Math.min(gap, next === undefined ? gap : until(one, next))
      return one.at < to ? [{from: one.at, to}] : []
    })
  const until = (one: Of<'etcd-member'>, next: Of<'etcd-member'>) => {
    const {from} = whenWas(history, next)
    if (one.up && one.leader !== null) return from
    return one.up ? Math.min(from, firstSign(next)) : firstSign(next)
  }
  return {
    ...{host, told},
    here: within(joined(stretches(true)), onward(looksOf(history, 'etcd', host))),
    gone: within(joined(stretches(false)), onward(asked(history, 'etcd', host))),
  }
}

/** The report of what is going on right now is still to come. */
function onward(looks: readonly Stretch[]): readonly Stretch[] {
  return looks.map((one, index) => (index === looks.length - 1 ? {from: one.from, to: one.to + reportEvery} : one))
}

function within(all: readonly Stretch[], those: readonly Stretch[]): readonly Stretch[] {
  return all.flatMap(one =>
    outside(outside(those, {from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY}), one),
  )
}

function majorityOf(members: readonly Member[]): number {
  return Math.floor(members.length / 2) + 1
}

interface Part extends Stretch {
  /** How many members were so for certain. */
  readonly here: number
  readonly gone: number
}

/** The span in parts in which nothing changes. */
function partsOf(members: readonly Member[], {from, to}: Stretch): Part[] {
  const ends = members.flatMap(one => [...one.here, ...one.gone].flatMap(stretch => [stretch.from, stretch.to]))
  const times = [...new Set([from, ...ends.filter(at => at > from && at < to), to])].toSorted((a, b) => a - b)
  return times.slice(1).map((until, index) => {
    const since = times[index]!
    const covers = (all: readonly Stretch[]) => all.some(one => one.from <= since && one.to >= until)
    return {
      ...{from: since, to: until},
      here: members.filter(one => covers(one.here)).length,
      gone: members.filter(one => covers(one.gone)).length,
    }
  })
}

function longest(parts: readonly Stretch[]): Stretch | undefined {
  return joined(parts).toSorted((a, b) => lengthOf(b) - lengthOf(a))[0]
}

function lengthOf(one: Stretch | undefined): Micros {
  return one === undefined ? 0 : one.to - one.from
}
