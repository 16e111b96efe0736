/** Which labs on the engine are this owner's, which are others', and which were left by somebody and may be removed. */

import {existsSync} from 'node:fs'
import {join} from 'node:path'
import type {Answering, Belonging, Belongings, Removed} from '../engine/docker.ts'
import {LabError} from '../words/errors.ts'
import {beside, type Hint, next, onLab, shell} from '../words/next-step.ts'
import {nameRules} from '../words/plain-text.ts'
import {labFolder, stateRoot} from './folders.ts'
import {lockLab, sayHolder, worksOn} from './lock.ts'
import {homePath, knownId, owner, savedOwner, saveOwner, sayOwner, whereabouts} from './owner.ts'
import {forgetLab} from './state.ts'

/** What this asks of the engine. */
export type OwnershipEngine = Omit<Belongings, 'leftovers'> & Pick<Answering, 'clockMs'>

/** One lab of one owner, as it lies on the engine: two owners may have left something under one name. */
export interface Standing {
  readonly lab: string
  readonly owner: string | null
  readonly mine: boolean
  /** Nobody works with it any more: `down --stale` removes it. */
  readonly stale: boolean
  readonly running: boolean
  /** A command works on it from another state directory than this one. */
  readonly inUse: boolean
  /** Continues "lab x ...". */
  readonly says: string
  readonly belongings: readonly Belonging[]
}

/** Between its network and its first running container, a lab of somebody whom we cannot see is given this long. */
const beginsWithinMs = 60_000

/** Of all labs on the engine, or of those with this name. */
export async function standings(docker: OwnershipEngine, lab?: string): Promise<Standing[]> {
  const all = (await docker.belongings(lab)).filter(one => nameRules.lab.pattern.test(one.lab))
  if (all.length === 0) return []
  const nowMs = await docker.clockMs()
  return [...Map.groupBy(all, one => JSON.stringify([one.lab, one.owner])).values()].map(group =>
    standing(group, nowMs),
  )
}

function standing(belongings: readonly Belonging[], nowMs: number): Standing {
  const {lab = '', owner = null} = belongings[0] ?? {}
  const home = belongings.find(one => one.home !== null)?.home ?? null
  const path = homePath(home)
  const running = belongings.some(one => ['running', 'paused', 'restarting'].includes(one.state ?? ''))
  const whose = sayOwner(owner, home)
  const seen = owner === null ? 'unknown' : whereabouts(lab, owner, home)
  const holder = seen === 'there' && path !== null && path !== stateRoot() ? seenWorking(lab, path) : null
  const is = (mine: boolean, stale: boolean, says: string): Standing => ({
    ...{lab, owner, mine, stale, running, inUse: holder !== null, says, belongings},
  })
  // Of the same owner as well: two directories may have one, and their locks do not exclude each other.
  if (holder !== null) return is(false, false, `is in use by its owner: ${holder} (${whose})`)
  if (isMine(lab, owner)) {
    // What was raised by hand from a printed file says of no directory that it should know it.
    const forgotten = !isSaved(lab) && path !== null && (path === stateRoot() || seen !== 'there')
    return forgotten ? is(true, true, 'is yours, but what was known about it is gone') : is(true, false, 'is yours')
  }
  if (seen === 'gone') return is(false, true, `was left behind: its owner is gone (${whose})`)
  if (running)
    return seen === 'there'
      ? is(false, false, `runs and belongs to somebody else (${whose})`)
      : is(false, false, `runs, and whether its owner is still there cannot be told from here (${whose})`)
  const begins = belongings.some(one => one.state !== 'exited' && nowMs - one.createdMs < beginsWithinMs)
  if (seen === 'unknown' && owner !== null && begins)
    return is(false, false, `is being raised or removed by somebody else right now (${whose})`)
  return is(false, true, `is somebody else's, and nothing of it runs any more (${whose})`)
}

function isMine(lab: string, owner: string | null): boolean {
  // An older version said no owner: what is saved here, and was saved by it, is ours.
  if (owner === null) return isSaved(lab) && savedOwner(lab) === null
  return owner === knownId() || owner === savedOwner(lab)
}

function isSaved(lab: string): boolean {
  return existsSync(join(labFolder(lab), 'lab.json'))
}

/** Another owner's directory may keep anything from us. */
function seenWorking(lab: string, root: string): string | null {
  try {
    const holder = worksOn(lab, root)
    return holder === null ? null : sayHolder(holder)
  } catch {
    return null
  }
}

/** @throws LabError `not-yours` when the engine has anything of another owner under this name. */
export async function mustBeOurs(docker: OwnershipEngine, lab: string): Promise<void> {
  const other = (await standings(docker, lab)).find(one => !one.mine)
  if (other !== undefined) throw notYours(other)
}

const anotherName = (lab: string): Hint => next`take another name: ${onLab(beside(lab), 'up')}`

/** That a lab is not to be touched, and what can be done. */
export function notYours({lab, stale, inUse, says}: Standing): LabError {
  return new LabError('not-yours', `lab ${lab} ${says}`, {
    hint: stale
      ? onLab(lab, 'down', '--stale')
      : inUse
        ? next`wait for it; or ${anotherName(lab)}`
        : next`${anotherName(lab)} if nobody needs that one: ${shell(`docker stop $(docker ps -q --filter label=pgha-lab.lab=${lab})`)} ${onLab(lab, 'down', '--stale')}`,
  })
}

/**
 * Makes sure that nobody else has this name, and that nobody gets it while the claim is held; the lab's owner is on disk by then.
 * @throws LabError `not-yours`
 */
export async function claim(docker: OwnershipEngine, lab: string): Promise<AsyncDisposable> {
  await mustBeOurs(docker, lab)
  const known = isSaved(lab)
  const before = savedOwner(lab)
  const mine = owner()
  const claimed = {...mine, id: before ?? mine.id}
  if (!known) saveOwner(lab, claimed)
  const held = await docker.claim(lab, claimed)
  if (held.owner !== claimed.id || held.home !== claimed.home) {
    if (!known) forgetLab(lab)
    await mustBeOurs(docker, lab)
    throw new LabError('not-yours', `lab ${lab} is being raised by somebody else right now`, {
      hint: anotherName(lab),
    })
  }
  const release = async () => void (await docker.remove([held], false))
  try {
    await mustBeOurs(docker, lab)
  } catch (error) {
    await release()
    if (!known) forgetLab(lab)
    throw error
  }
  const letGo = async () => {
    await release()
    if (before === null && !isSaved(lab)) forgetLab(lab) // refused before anything of it was made
  }
  // Who comes later sees the containers, or this, when the engine does not answer any more.
  return {[Symbol.asyncDispose]: () => letGo().catch(() => {})}
}

/** Removes what this owner has under this name. @throws LabError `not-yours` when it has nothing, and another has. */
export async function removeOurs(docker: OwnershipEngine, lab: string): Promise<Removed> {
  const found = await standings(docker, lab)
  const mine = found.filter(one => one.mine)
  const other = found.find(one => !one.mine)
  if (mine.length === 0 && other !== undefined) throw notYours(other)
  return docker.remove(
    mine.flatMap(one => one.belongings),
    true,
  )
}

/** What `down --stale` did with a lab. */
interface Swept {
  readonly lab: string
  readonly owner: string | null
  /** Continues "lab x ...". */
  readonly says: string
}

/** Removes what nobody works with any more, of all labs or of this name; `left` is what others still have. */
export async function removeStale(
  docker: OwnershipEngine,
  lab?: string,
): Promise<{removed: (Swept & {removed: Removed})[]; left: Swept[]}> {
  const removed: (Swept & {removed: Removed})[] = []
  const left: Swept[] = []
  for (const found of await standings(docker, lab)) {
    const told = {lab: found.lab, owner: found.owner, says: found.says}
    if (!found.stale) {
      if (!found.mine) left.push(told)
      continue
    }
    try {
      using _lock = lockLab(found.lab, 'down --stale')
      // Nobody of ours begins now; looked at again, because somebody may have begun before.
      const now = (await standings(docker, found.lab)).find(one => one.owner === found.owner)
      if (now === undefined) continue
      if (!now.stale) left.push({...told, says: now.says})
      else {
        removed.push({...told, says: now.says, removed: await docker.remove(now.belongings, now.running)})
        if (!isSaved(now.lab)) forgetLab(now.lab)
      }
    } catch (error) {
      if (!(error instanceof LabError) || !['busy', 'not-yours'].includes(error.code)) throw error
      left.push({...told, says: `stays: ${error.message}`})
    }
  }
  return {removed, left}
}
