/**
 * Mends what the journal says is broken, newest first, and then what the engine and the kernels show. So a fault is healed
 * whoever made it, and however the one who made it ended.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {waitFor} from '../cluster/wait.ts'
import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import {sayMend} from '../history/say-mend.ts'
import {inForce, mended} from '../state/journal.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, onLab} from '../words/next-step.ts'
import {type Broken, broken, sayBroken} from './broken.ts'
import {mend} from './mend.ts'

interface Mended {
  readonly mend: Mend
  /** The fault it belongs to; null when only the engine or a kernel knew. */
  readonly fault: string | null
}

/** One mend has this long; healing must end. */
const graceMs = 30_000
/** A host that is started may show more inside; nothing else does. */
const looks = 3
/** As long as a lab may take to be healthy. */
const tellWithinMs = 120_000

/**
 * @param signal ends the waiting for members that have to come back before anybody can tell what is broken; no mend: an interrupted
 * run heals all the same.
 * @throws LabError `heal-failed` that names what is still broken, or that nobody can tell, after everything has been tried; `interrupted`.
 */
export async function heal(lab: Lab, signal: AbortSignal = new AbortController().signal): Promise<Mended[]> {
  const done: Mended[] = []
  const failures: string[] = []
  /** Of an engine that fell silent, say. */
  let cure: Hint | undefined
  const attempt = async (undo: Mend, fault: string | null) => {
    try {
      await giveUpAfter(graceMs, mend(lab, undo))
      done.push({mend: undo, fault})
      return true
    } catch (error) {
      failures.push(`${sayMend(undo)}: ${(error as Error).message}`)
      return false
    }
  }
  for (const entry of inForce(lab.name)) if (await attempt(entry.mend, entry.fault)) mended(lab.name, entry.id)
  for (let look = 0; look < looks && failures.length === 0; look++) {
    const signs = await told(lab, signal).catch((error: unknown) => {
      if (!(error instanceof LabError) || error.code === 'interrupted') throw error
      failures.push(`nobody can tell what is broken: ${error.message}`)
      cure = error.next
      return undefined
    })
    if (signs === undefined) break
    if (signs.mends.length === 0 || look === looks - 1) {
      failures.push(...sayBroken(signs).map(says => `still to do: ${says}`), ...signs.untold)
      break
    }
    for (const sign of signs.mends) await attempt(sign, null)
  }
  if (failures.length > 0)
    throw new LabError('heal-failed', `lab ${lab.name} is not healed: ${failures.join('; ')}`, {
      hint: next`${cure ?? ''} to go on healing: ${onLab(lab.name, 'heal')} to remove the lab: ${onLab(lab.name, 'down')}`,
    })
  return done
}

/** What is broken, once somebody tells of all of it, or after a while: members that were just started come to it. */
async function told(lab: Lab, signal: AbortSignal): Promise<Broken> {
  let signs = await giveUpAfter(graceMs, broken(lab))
  const isTold = () => signs.untold.length === 0 || signs.mends.length > 0
  if (isTold()) return signs // whoever interrupts does not keep it from being mended
  const look = async () => {
    signs = await giveUpAfter(graceMs, broken(lab))
    return isTold() ? signs : signs.untold.join('; ')
  }
  try {
    return await waitFor('all that may be broken', look, {
      withinMs: tellWithinMs,
      signal,
      everyMs: 500,
      code: 'not-ready',
    })
  } catch (error) {
    if (error instanceof LabError && error.code === 'not-ready') return signs
    throw error
  }
}

export async function giveUpAfter<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController()
  try {
    return await Promise.race([
      work,
      sleep(ms, undefined, {signal: timer.signal}).then(() => {
        throw new LabError('timeout', `waited ${ms / 1000} s for it`)
      }),
    ])
  } finally {
    timer.abort()
  }
}
