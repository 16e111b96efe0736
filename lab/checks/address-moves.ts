/** The virtual address leaves a holder that is lost for another host in time, and never do two hosts answer for it. */
import {z} from 'zod'
import {addressMoves} from '../budget/index.ts'
import type {Of} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import {between, inTime, sayDoubt, starvedFor} from '../history/lateness.ts'
import {momentsOf} from '../history/moments.ts'
import {type Hold, holderStruck, holdsOf, lossOf, togetherFor} from '../history/virtual-address.ts'
import {blind} from '../history/watching.ts'
import {type HostName, hostsWith, type Topology} from '../topology/topology.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import {positiveDuration} from '../words/schemas.ts'
import type {Check, Finding} from './check.ts'

export interface AddressMovesParams {
  /** Milliseconds, from the fault; `budget`: what keepalived's own times imply. */
  readonly within: number | 'budget'
}

/** A holder that is back, and hears of a higher priority, gives the address up at the next advert; our probe looks ten times a second. */
const besideAdvert: Micros = 1_000_000

export const addressMovesCheck: Check<AddressMovesParams> = {
  about:
    'The virtual address leaves a holder that the fault struck for another host within a limit, and no two hosts that can be reached have it at once.',
  evidence: ['address', 'engine', 'runner', 'disk'],
  ofFault: 'any',
  params: z.strictObject({
    within: z
      .union([z.literal('budget'), positiveDuration], {error: '`within` is a duration, or the word budget'})
      .prefault('budget'),
  }),

  judge(history, {within}) {
    const moments = momentsOf(history)
    const [fault] = of(history, 'fault-injecting')
    const topology = of(history, 'run-started')[0]?.topology
    if (moments === null || fault === undefined || topology?.keepalived === undefined)
      return {verdict: 'unknown', says: 'No fault was injected, or no host has a virtual address.'}
    const hosts = hostsWith(topology, 'keepalived')
    const holds = holdsOf(history, moments.end)
    const holder = holderStruck(fault, holds)
    if (holder === undefined)
      return {
        verdict: 'unknown',
        says: `Nobody saw ${fault.hosts.join(' or ')} have the virtual address when the fault came.`,
      }
    const two = twoAtOnce(history, topology, holds)
    if (two !== undefined) return two
    const limit = within === 'budget' ? limitOf(topology, fault, holder) : within * 1000
    const found = moved(history, {fault, holder, limit, to: moments.mending, hosts})
    if (found.verdict !== 'pass') return found
    // That two had it at once, somebody would have to have seen.
    const blindness = blind(history, 'address', fault.at, moments.end, hosts)
    if (blindness === null) return found
    return {...found, verdict: 'unknown', says: `${found.says} Whether two had it at once is not known: ${blindness}.`}
  },
}

/** Infinite where keepalived's own settings leave the address where it is. */
function limitOf(topology: Topology, fault: Of<'fault-injecting'>, holder: HostName): Micros {
  const {loss, best} = lossOf(topology, fault, holder)
  return loss === 'none' ? Number.POSITIVE_INFINITY : addressMoves(topology.keepalived!, best, loss).limit
}

interface Move {
  readonly fault: Of<'fault-injecting'>
  readonly holder: HostName
  readonly limit: Micros
  readonly to: Micros
  readonly hosts: readonly HostName[]
}

function moved(history: History, {fault, holder, limit, to, hosts}: Move): Finding {
  const others = hosts.filter(host => !fault.hosts.includes(host))
  const taken = of(history, 'virtual-address').find(
    one => one.held && others.includes(one.host) && one.at > fault.at && one.at <= to,
  )
  const measures = {
    movedMicros: taken === undefined ? null : taken.at - fault.at,
    limitMicros: Number.isFinite(limit) ? limit : null,
  }
  if (taken === undefined) {
    const blindness = blind(history, 'address', fault.at, to, others)
    const waited = to - fault.at
    if (limit === Number.POSITIVE_INFINITY)
      return {verdict: blindness === null ? 'fail' : 'unknown', ...stays(holder, waited, blindness)}
    const says = `The virtual address stayed with ${holder}, or with nobody, for ${sayMicros(waited)} after the fault; ${sayMicros(limit)} are allowed`
    if (blindness !== null || waited <= limit)
      return {verdict: 'unknown', says: blindness === null ? `${says}.` : `${says}, but ${blindness}.`, measures}
    return {
      verdict: 'fail',
      says: `${says}.`,
      measures,
      hint: `read the logs of ${hosts.join(' and ')}: what does keepalived say?`,
    }
  }
  const starved = starvedFor(history, fault.at, taken.at)
  const verdict = inTime(between(history, fault, taken), limit, starved)
  const doubt = verdict === 'unknown' ? `, but ${sayDoubt(starved)}` : ''
  return {
    verdict,
    says: `${taken.host} took the virtual address ${sayMicros(taken.at - fault.at)} after ${holder} was lost, ${Number.isFinite(limit) ? `${sayMicros(limit)} are allowed` : "which keepalived's own settings do not foresee"}${doubt}.`,
    measures,
    evidence: [taken],
  }
}

function stays(
  holder: HostName,
  waited: Micros,
  blindness: string | null,
): Pick<Finding, 'says' | 'hint' | 'measures'> {
  const doubt = blindness === null ? '' : `, but ${blindness}`
  return {
    says: `The virtual address stayed with ${holder}, whose HAProxy is dead, for ${sayMicros(waited)} after the fault, and by keepalived's own settings it never leaves${doubt}.`,
    hint: 'a check of HAProxy without a weight, or one whose weight outdoes the difference of the priorities where the others may preempt',
    measures: {movedMicros: null, limitMicros: null},
  }
}

/** One that is struck cannot be reached until it is mended: what it has meanwhile, nobody meets. */
function twoAtOnce(history: History, topology: Topology, holds: readonly Hold[]): Finding | undefined {
  const tolerated = topology.keepalived!.advertIntSeconds * 1_000_000 + besideAdvert
  const worst = togetherFor(history, holds).toSorted((a, b) => b.to - b.from - (a.to - a.from))[0]
  if (worst === undefined || worst.to - worst.from <= tolerated) return undefined
  const starved = starvedFor(history, worst.from, worst.to)
  const lasted = worst.to - worst.from
  return {
    verdict: lasted - starved.micros > tolerated ? 'fail' : 'unknown',
    says: `${worst.hosts.join(' and ')} had the virtual address at once for ${sayMicros(lasted)}; ${sayMicros(tolerated)} are allowed.`,
    measures: {togetherMicros: lasted, limitMicros: tolerated},
    evidence: worst.events,
    hint: 'do they hear each other? VRRP is protocol 112, and both need the same virtual_router_id',
  }
}
