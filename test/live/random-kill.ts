/** The command line is killed at a random moment of a random scenario; whoever comes next must be able to put the lab right. */
import {setTimeout as sleep} from 'node:timers/promises'
import {expect} from 'vitest'
import {expectExit, expectStatus, pghaLab, untilSaid} from './cli.ts'

/** Played on a lab of the default topology; those that need a watchdog or a small disk are not among them. */
const scenarios = [
  'kill-leader',
  'stop-leader',
  'crash-postgres',
  'restart-patroni',
  'orphaned-primary',
  'freeze-patroni',
  'pause-leader',
  'etcd-quorum-lost',
  'leader-cut-from-etcd',
  'leader-isolated',
  'replication-cut',
  'lag-replica',
  'pause-replay',
  'strict-no-standby',
  'switchover',
  'rolling-restart',
  'nofailover-tag',
  'maintenance-mode',
  'kill-haproxy',
]

/** mulberry32: the same seed gives the same trials. */
export function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One trial; returns what was played, when it was killed and what `heal` found to do. */
export async function killAtRandom(lab: string, random: () => number): Promise<string> {
  const scenario = scenarios[Math.floor(random() * scenarios.length)]!
  const run = pghaLab(['chaos', scenario, '--name', lab, '--plain'])
  // Mostly while faults are in force, but any moment may be the one.
  const inSteps = random() < 0.8
  if (inSteps) await untilSaid(run, /-- steps/)
  const afterMs = random() * (inSteps ? 9000 : 4000)
  await sleep(afterMs)
  run.kill('SIGKILL')
  await run
  const {out} = await expectExit(0, ['heal', '--name', lab, '--json'])
  const healed = (JSON.parse(out) as {mended: {mend: {do: string}}[]}).mended.map(one => one.mend.do)
  const status = JSON.parse((await expectStatus(['--name', lab, '--json'])).out) as {
    healthy: boolean
    faultsInForce: unknown[]
    broken: unknown[]
  }
  const told = `${scenario} killed ${(afterMs / 1000).toFixed(1)} s after ${inSteps ? 'its steps began' : 'it was started'}: ${healed.join(', ') || 'nothing to mend'}`
  expect(status, told).toMatchObject({healthy: true, faultsInForce: [], broken: []})
  return told
}
