/** A scenario played on a lab that behaves, for tests of what comes of it. */
import {expect} from 'vitest'
import {broken} from '../../../lab/healing/broken.ts'
import type {Event} from '../../../lab/history/event.ts'
import {Recorder} from '../../../lab/history/history.ts'
import type {Scenario, Step} from '../../../lab/history/scenario-values.ts'
import {play} from '../../../lab/run/play.ts'
import {bind} from '../../../lab/scenario/bind.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {passing} from '../fake/clock.ts'
import type {Faked} from '../fake/lab.ts'

export const kill: Extract<Step, {do: 'inject'}> = {
  do: 'inject',
  fault: 'kill',
  on: 'leader',
  as: 'kill',
  params: {what: 'host'},
}
export const newLeader: Extract<Step, {do: 'until'}> = {do: 'until', check: 'new-leader', params: {}, within: 60_000}
export const hold: Step = {do: 'hold', forMs: 2000}

export function scenarioOf(steps: readonly Step[], more: Partial<Scenario> = {}): Scenario {
  return {
    ...{name: 'made-up', about: 'Made for a test.', needs: {postgres: 3, etcd: 3}, steps, expect: []},
    clients: [{kind: 'writers', count: 2, perSecond: 100, through: 'primary'}],
    ...more,
  }
}

export interface Played {
  readonly events: readonly Event[]
  readonly error: unknown
}

/** @param hear told of every event as it is recorded. */
export async function playedOn(
  {lab}: Faked,
  scenario: Scenario,
  hear: (event: Event, interrupt: () => void) => void = () => {},
): Promise<Played> {
  using history = new Recorder()
  const interrupt = new AbortController()
  history.subscribe(event => hear(event, () => interrupt.abort()))
  const bound = bind(scenario, lab.topology)
  const error = await passing(
    play({lab, scenario, bound, history, run: 'run', signal: interrupt.signal}).then(
      () => undefined,
      (error: unknown) => error,
    ),
  )
  return {events: history.sealed().events, error}
}

/** The frame of a run: what it went through, in the order in which it was recorded. */
export function frameOf(events: readonly Event[]): string[] {
  return events.flatMap(event => {
    switch (event.kind) {
      case 'phase':
        return [event.name]
      case 'step-started':
        return [`step ${event.index}`]
      case 'step-ended':
        return [`step ${event.index} ${event.ok ? 'done' : 'failed'}`]
      case 'fault-injecting':
      case 'fault-injected':
      case 'fault-mending':
        return [event.kind]
      case 'fault-mended':
        return [event.ok ? 'fault-mended' : 'not mended']
      case 'run-ended':
        return [event.how]
      default:
        return []
    }
  })
}

export const before = ['leftovers', 'healthy', 'steady', 'steps']
export const after = ['healing', 'recovery', 'final-reads', 'complete']

/** Whatever happened: the record has its end, and the lab nothing of a fault. */
export async function expectHealed(faked: Faked, {events}: Played): Promise<void> {
  expect(events.at(-1)?.kind).toBe('run-ended')
  expect(inForce(faked.lab.name)).toEqual([])
  expect(await passing(broken(faked.lab))).toEqual({mends: [], unknown: [], untold: []})
}
