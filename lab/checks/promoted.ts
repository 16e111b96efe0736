/** Who leads after the fault: the very host that was to, or not the one that must not. */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {type History, of} from '../history/history.ts'
import {momentsOf, sayBegin, whoLedUnseen} from '../history/moments.ts'
import {leaderBefore, type Promotion, promotionsOf} from '../history/promotions.ts'
import {whyPromotionsUnseen} from '../history/servers-seen.ts'
import {blind} from '../history/watching.ts'
import type {HostName} from '../topology/topology.ts'
import {anyCaller, next, type OwnCommand, onLab} from '../words/next-step.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Check, Finding} from './check.ts'

export interface PromotedParams {
  /** `sync-standby`: one of those that `/sync` named at the first fault; `old-leader`; the name of a step; or a host. */
  readonly is?: string | undefined
  readonly not?: string | undefined
}

const who = z.string({error: 'sync-standby, old-leader, the name of a step, or a host'})

export const promoted: Check<PromotedParams> = {
  about:
    'The last host promoted is this one (`is`), or not that one (`not`): sync-standby, old-leader, a step, a host.',
  evidence: ['postgres', 'clients', 'etcd', 'engine', 'runner'],
  ofFault: 'any',
  params: z
    .strictObject({is: who.optional(), not: who.optional()})
    .refine(({is, not}) => is !== undefined || not !== undefined, 'say whom: `is` or `not`')
    .refine(({is, not}) => is === undefined || is !== not, 'nobody is and is not the same'),

  judge(history, {is, not}) {
    const moments = momentsOf(history)
    const before = leaderBefore(history)
    if (moments === null || before === undefined) return {verdict: 'unknown', says: whoLedUnseen(moments)}
    const from = moments.fault ?? moments.steps
    const blindness = whyPromotionsUnseen(history, moments.earliest, moments.end)
    const last = promotionsOf(history).findLast(one => one.at > moments.earliest && one.at <= moments.end)
    if (last !== undefined && last.at <= from)
      return {
        verdict: 'unknown',
        says: `${last.host} was promoted just when ${moments.fault === null ? 'the steps began' : 'the fault came'}; which was first is not known.`,
      }
    if (last === undefined) {
      if (blindness) return {verdict: 'unknown', says: `Nobody was seen promoted, but ${blindness}.`}
      if (is === 'old-leader')
        return {verdict: 'unknown', says: `${before} was not seen promoted again, nor anybody else.`}
      const left = [is, not].find(name => name !== undefined && wasLeftOut(history, name))
      if (left !== undefined)
        return {
          verdict: 'unknown',
          says: `Nobody was promoted: step ${left}, of which that was to come, was not played.`,
        }
      return {
        verdict: 'fail',
        says: `Nobody was promoted after ${sayBegin(moments)}; ${before} led before.`,
        pending: true,
      }
    }
    const measures = {promoted: last.host, timeline: last.timeline, atMicros: last.at - from}
    const evidence = [last.event]
    const alone = is === 'sync-standby' ? withoutStandby(history, last, from) : undefined
    if (alone) return {measures, evidence, ...alone}
    const wanted = is === undefined ? undefined : whoIs(history, is, from, before)
    const unwanted = not === undefined ? undefined : whoIs(history, not, from, before)
    if (typeof wanted === 'string' || typeof unwanted === 'string')
      return {
        verdict: 'unknown',
        says: `${[wanted, unwanted].find(one => typeof one === 'string')}.`,
        measures,
        evidence,
      }
    const says = `${last.host} was promoted, to timeline ${last.timeline}`
    // Whoever was promoted after that would be the last one.
    if (blindness) return {verdict: 'unknown', says: `${says}, but ${blindness}.`, measures, evidence}
    // Only the last promotion counts.
    if (unwanted?.hosts.includes(last.host))
      return {measures, evidence, ...promotedUnwanted(history, says, unwanted, not, last)}
    if (wanted !== undefined && !wanted.hosts.includes(last.host))
      return {
        verdict: 'fail',
        says: `${says}; it was to be ${sayNamed(wanted)}.`,
        measures,
        evidence,
        pending: true,
      }
    return {verdict: 'pass', says: sayPassed(last, wanted, unwanted), measures, evidence}
  },
}

/** No standby was synchronous when the fault came, or nobody knows; undefined: one was. */
function withoutStandby(history: History, {host, timeline, event}: Promotion, from: Micros): Finding | undefined {
  const key = syncKeyAt(history, from)
  if (key === undefined) return undefined
  const unwatched = blind(history, 'etcd', Math.min(key.at, from), from)
  if (unwatched)
    return {verdict: 'unknown', says: `Which standby was synchronous when the fault came is not known: ${unwatched}.`}
  if (key.standbys.length > 0) return undefined
  return {
    verdict: 'fail',
    says: `${host} was promoted, to timeline ${timeline}, but no standby was synchronous when the fault came: ${sayNone(key)} ${sayMicros(from - key.at)} before it.`,
    evidence: [key, event],
    hint: next`is synchronous_mode on, and who is a Sync Standby? ${patronictl(history, host, 'show-config')} ${patronictl(history, host, 'list')}`,
  }
}

function patronictl(history: History, host: HostName, asks: string): OwnCommand {
  return onLab(of(history, 'run-started')[0]?.lab ?? anyCaller.lab, 'shell', host, '--', 'patronictl', asks)
}

/** Hosts, and what they are beside their names as a sentence needs it; null: nothing. */
interface Named {
  readonly hosts: readonly HostName[]
  readonly role: string | null
}

/** `node1, the target of step handover, was promoted, to timeline 3, and not the old leader (node3).` */
function sayPassed({host, timeline}: Promotion, wanted: Named | undefined, unwanted: Named | undefined): string {
  const who = wanted?.role ? `${host}, ${wanted.role},` : host
  const asWanted = wanted?.role === null ? ', as it was to be' : ''
  return `${who} was promoted, to timeline ${timeline}${asWanted}${unwanted ? `, and not ${sayNamed(unwanted)}` : ''}.`
}

/** `the old leader (node1)`; `node2` */
function sayNamed({hosts, role}: Named): string {
  const names = hosts.join(' or ')
  return role === null ? names : `${role} (${names || 'there was none'})`
}

/** A sentence when nobody can tell. */
function whoIs(history: History, name: string, at: number, before: HostName): Named | string {
  if (name === 'old-leader') return {hosts: [before], role: 'the old leader'}
  if (name === 'sync-standby') {
    const hosts = syncKeyAt(history, at)?.standbys
    if (hosts === undefined) return 'Nobody saw which standby was synchronous when the fault came'
    return {hosts, role: `${theOrA(hosts)} synchronous standby`}
  }
  const target = of(history, 'target').find(one => one.fault === name)
  if (target !== undefined) return {hosts: target.hosts, role: `${theOrA(target.hosts)} target of step ${name}`}
  const known = of(history, 'run-started')[0]?.topology.hosts.some(host => host.name === name)
  return known ? {hosts: [name], role: null} : `There is neither a step nor a host called ${name}`
}

/** A step of the scenario that never came to its turn, because one before it could not be done. */
function wasLeftOut(history: History, name: string): boolean {
  const steps = of(history, 'run-started')[0]?.scenario.steps ?? []
  const meant = steps.some(step => step.do === 'inject' && step.as === name)
  return meant && !of(history, 'target').some(one => one.fault === name)
}

function promotedUnwanted(
  history: History,
  says: string,
  {hosts, role}: Named,
  step: string | undefined,
  last: Promotion,
): Finding {
  const mustNot = `it must not be${role === null ? '' : `: it is ${role}`}`
  const untagged = step === undefined ? undefined : tagsTakenBack(history, step, last)
  if (untagged === undefined) return {verdict: 'fail', says: `${says}; ${mustNot}.`, pending: true}
  const before = promotionsOf(history).find(
    one => hosts.includes(one.host) && one.at > untagged.from && one.at <= untagged.mending.at,
  )
  if (before !== undefined)
    return {
      verdict: 'fail',
      says: `${before.host} was promoted, to timeline ${before.timeline}; ${mustNot}.`,
      evidence: [before.event, untagged.mending],
      pending: true,
    }
  return {
    verdict: 'unknown',
    says: `${says}, but only after step ${step} was mended, before which it was not.`,
    evidence: [untagged.mending, last.event],
  }
}

/** Of a step that gives a member tags: whoever is promoted when it has its own again is promoted rightly. */
function tagsTakenBack(
  history: History,
  step: string,
  {at}: Promotion,
): {readonly from: Micros; readonly mending: Of<'fault-mending'>} | undefined {
  const given = of(history, 'fault-injecting').find(({id, strike}) => id === step && strike.sets?.tags !== undefined)
  const mending = of(history, 'fault-mending').find(one => one.id === step && one.at <= at)
  return given === undefined || mending === undefined ? undefined : {from: given.at, mending}
}

function theOrA(hosts: readonly HostName[]): string {
  return hosts.length === 1 ? 'the' : 'a'
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
