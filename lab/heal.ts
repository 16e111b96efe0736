/** Mends what the journal says is broken, newest first, and what the engine shows: hosts that should run and don't. */
import {setTimeout as sleep} from 'node:timers/promises'
import {LabError} from './errors.ts'
import type {Mend} from './event.ts'
import {inForce, mended} from './journal.ts'
import type {Lab} from './lab.ts'
import {describe, mend} from './mend.ts'

export interface Mended {
  readonly mend: Mend
  /** The fault it belongs to; null when only the engine knew. */
  readonly fault: string | null
}

/** One mend has this long; healing must end. */
const graceMs = 30_000

/**
 * Takes no abort signal: an interrupted run heals all the same.
 * @throws LabError `heal-failed` that names what is still broken, after everything has been tried.
 */
export async function heal(lab: Lab): Promise<Mended[]> {
  const done: Mended[] = []
  const failures: string[] = []
  for (const entry of inForce(lab.name)) {
    try {
      await within(graceMs, mend(lab, entry.mend))
      mended(lab.name, entry.id)
      done.push({mend: entry.mend, fault: entry.fault})
    } catch (error) {
      failures.push(`${describe(entry.mend)}: ${(error as Error).message}`)
    }
  }
  for (const container of await lab.docker.containers(lab.name)) {
    if (container.state === 'running' || container.state === 'restarting') continue
    const undo: Mend = {do: 'start-host', host: container.host}
    try {
      await within(graceMs, mend(lab, undo))
      done.push({mend: undo, fault: null})
    } catch (error) {
      failures.push(`${describe(undo)}: ${(error as Error).message}`)
    }
  }
  if (failures.length > 0)
    throw new LabError('heal-failed', `lab ${lab.name} is not healed: ${failures.join('; ')}`, {
      hint: `pgha-lab heal --name ${lab.name}, or pgha-lab down --name ${lab.name}`,
    })
  return done
}

export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
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
