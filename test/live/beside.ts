/**
 * Two workers play at once, each on a lab of its own, which a slow machine may not bear. A run that proves nothing for that reason is
 * played again with nothing beside it, once, as a suite does (`lab/suite/bearing`): a starved machine is no finding about the lab.
 * What fails, and what proves nothing on a machine that was not starved, counts.
 */
import {mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as pause} from 'node:timers/promises'

/** The workers of one `vitest` have it in common. */
const folder = join(tmpdir(), `pgha-lab-live-${process.ppid}`)
const alone = join(folder, 'alone')
let plays = 0

/** The exit code of a run that proves nothing. */
export const inconclusive = 4

/** While nobody has to be alone. */
export async function besideOthers<T>(play: () => Promise<T>): Promise<T> {
  mkdirSync(folder, {recursive: true})
  const mine = join(folder, `plays-${process.pid}-${++plays}`)
  for (;;) {
    // First this, then the look: so does who wants to be alone, and one of the two sees the other.
    writeFileSync(mine, '')
    if (!readdirSync(folder).includes('alone')) break
    rmSync(mine)
    await pause(250)
  }
  try {
    return await play()
  } finally {
    rmSync(mine, {force: true})
  }
}

/** While nobody else plays. */
export async function withNothingBeside<T>(play: () => Promise<T>): Promise<T> {
  mkdirSync(folder, {recursive: true})
  while (!made(alone)) await pause(250)
  try {
    while (readdirSync(folder).some(name => name !== 'alone')) await pause(250)
    return await play()
  } finally {
    rmdirSync(alone)
  }
}

/**
 * Whether a run left something open that may be found out without the others: it proved nothing, or not all beside what was expected.
 * One that ended as it should not have is a finding, whatever else it left open.
 */
export function leftOpen(exitCode: number | undefined, expected: number, verdicts: readonly string[]): boolean {
  if (expected === inconclusive) return false
  return (exitCode === inconclusive || exitCode === expected) && verdicts.includes('unknown')
}

function made(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
