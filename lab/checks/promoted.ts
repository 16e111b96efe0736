/** Who leads after the fault: the very host that was to, or not the one that must not. */
import {z} from 'zod'
import type {HostName, Micros, Of} from '../event.ts'
import {type History, of} from '../history.ts'
import {momentsOf} from '../moments.ts'
import {leaderBefore, promotionsOf} from '../promotions.ts'
import {sayMicros} from '../quantity.ts'
import type {Check} from '../unit.ts'
import {blind} from '../watching.ts'

export interface PromotedParams {
  /** `sync-standby`: one of those that `/sync` named at the first fault; `old-leader`; the name of a step; or a host. */
  readonly is?: string | undefined
  readonly not?: string | undefined
}

const who = z.string({error: 'sync-standby, old-leader, the name of a step, or a host'})

export const promoted: Check<PromotedParams> = {
  about:
    'The last host promoted is this one (`is`), or not that one (`not`): sync-standby, old-leader, a step, a host.',
  params: z
    .strictObject({is: who.optional(), not: who.optional()})
    .refine(({is, not}) => is !== undefined || not !== undefined, 'say whom: `is` or `not`'),

  judge(history, {is, not}) {
    const moments = momentsOf(history)
    const before = leaderBefore(history)
    if (moments === null || before === undefined)
      return {verdict: 'unknown', says: 'Nobody saw who led before the first fault.'}
    const from = moments.fault ?? moments.steps
    const blindness = blind(history, 'postgres', from, moments.end)
    const last = promotionsOf(history).findLast(one => one.at > from && one.at <= moments.end)
    if (last === undefined) {
      if (blindness) return {verdict: 'unknown', says: `Nobody was seen promoted, but ${blindness}.`}
      if (is === 'old-leader')
        return {verdict: 'unknown', says: `${before} was not seen promoted again, nor anybody else.`}
      return {verdict: 'fail', says: `Nobody was promoted after the fault; ${before} led before it.`, pending: true}
    }
    const measures = {promoted: last.host, timeline: last.timeline, atMicros: last.at - from}
    const evidence = [last.event]
    const none = is === 'sync-standby' ? syncKeyAt(history, from) : undefined
    if (none && none.standbys.length === 0)
      return {
        verdict: 'fail',
        says: `${last.host} was promoted, to timeline ${last.timeline}, but no standby was synchronous when the fault came: ${sayNone(none)} ${sayMicros(from - none.at)} before it.`,
        measures,
        evidence: [none, last.event],
        hint: 'patronictl show-config: is synchronous_mode on? and patronictl list: who is a Sync Standby?',
      }
    const wanted = is === undefined ? undefined : hostsOf(history, is, from, before)
    const unwanted = not === undefined ? undefined : hostsOf(history, not, from, before)
    if (typeof wanted === 'string' || typeof unwanted === 'string')
      return {
        verdict: 'unknown',
        says: `${[wanted, unwanted].find(one => typeof one === 'string')}.`,
        measures,
        evidence,
      }
    const says = `${last.host} was promoted, to timeline ${last.timeline}`
    // Only the last promotion counts.
    if (unwanted?.includes(last.host))
      return {
        verdict: 'fail',
        says: `${says}; it must not be ${not} (${unwanted.join(' or ')}).`,
        measures,
        evidence,
        pending: true,
      }
    // Whoever was promoted after that would be the last one.
    if (blindness) return {verdict: 'unknown', says: `${says}, but ${blindness}.`, measures, evidence}
    if (wanted !== undefined && !wanted.includes(last.host))
      return {
        verdict: 'fail',
        says: `${says}; it was to be ${is} (${wanted.join(' or ')}).`,
        measures,
        evidence,
        pending: true,
      }
    const claims = [
      ...(wanted === undefined ? [] : [`which is ${is}`]),
      ...(unwanted === undefined ? [] : [`not ${not} (${unwanted.join(', ')})`]),
    ]
    return {verdict: 'pass', says: `${says}, ${claims.join(', ')}.`, measures, evidence}
  },
}

/** A sentence when nobody can tell. */
function hostsOf(history: History, name: string, at: number, before: HostName): readonly HostName[] | string {
  if (name === 'old-leader') return [before]
  if (name === 'sync-standby') {
    return syncKeyAt(history, at)?.standbys ?? 'Nobody saw which standby was synchronous when the fault came'
  }
  const target = of(history, 'target').find(one => one.fault === name)
  if (target !== undefined) return target.hosts
  const known = of(history, 'run-started')[0]?.topology.hosts.some(host => host.name === name)
  return known ? [name] : `There is neither a step nor a host called ${name}`
}

function syncKeyAt(history: History, at: Micros): Of<'sync-key'> | undefined {
  return of(history, 'sync-key').findLast(one => one.at <= at)
}

/** Patroni deletes the key when synchronous mode is switched off (`ha.py: Ha.disable_synchronous_replication`). */
function sayNone({leader}: Of<'sync-key'>): string {
  return leader === null
    ? 'Patroni had deleted its key /sync, as it does when synchronous_mode is switched off,'
    : `its key /sync had named none since`
}
