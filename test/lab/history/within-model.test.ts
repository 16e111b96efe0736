/**
 * The most that the model has for a phase is told to people as "up to": a healthy cluster that takes longer makes it a false
 * statement. Runs on a machine that was starved, by what they record of themselves, say nothing about it.
 */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {budgetOf, findFailover, measuredPhases} from '../../../lab/history/failover.ts'
import type {History} from '../../../lab/history/history.ts'
import {lateness, starvedFor} from '../../../lab/history/lateness.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
const recorded = globSync('*.pass.ndjson.gz', {cwd: folder})
  // Nothing is to fail over in maintenance mode, or can while etcd refuses writes or no replica replays, until that is mended.
  .filter(file => !/^(maintenance-mode|etcd-out-of-space|replica-startup-frozen)\./.test(file))
  .map(file => [file, parseHistory(gunzipSync(readFileSync(join(folder, file))).toString())] as const)

/** Phases later than the model's most; null: the run is about no fault of the model, or was recorded on a starved machine. */
function beyond(history: History): string[] | null {
  const found = findFailover(history)
  if (typeof found === 'string') return null
  const budget = budgetOf(found)
  if ('why' in budget) return null
  const measured = Object.entries(measuredPhases(found))
  const last = found.t0 + Math.max(0, ...measured.map(([, after]) => after))
  if (lateness(history, found.t0, last).micros > 500_000) return null
  if (!Number.isFinite(starvedFor(history, found.t0, last).micros)) return null
  return measured.flatMap(([phase, after]) => {
    const most = budget.phases[phase as keyof typeof budget.phases]?.at[1]
    return most !== undefined && after > most ? [`${phase} after ${after / 1e6} s, at most ${most / 1e6} s`] : []
  })
}

const modelled = recorded.flatMap(([file, history]) => {
  const late = beyond(history)
  return late === null ? [] : [[file, late] as const]
})

test('most recorded runs of a fault that the model knows bear on it', () => {
  expect(modelled.length).toBeGreaterThan(15)
  expect(modelled.map(([file]) => file)).toEqual(expect.arrayContaining(['crash-postgres.pass.ndjson.gz']))
})

test.each(modelled)('%s: no phase came later than the model says it can', (_, late) => expect(late).toEqual([]))
