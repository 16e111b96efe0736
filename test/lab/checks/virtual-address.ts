/** A run by hand in which proxy1 has a virtual address that it shares with proxy2, dies at 0 s and is mended at 20 s. */

import type {Event, Of} from '../../../lab/history/event.ts'
import type {HostName} from '../../../lab/topology/topology.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {strikeOf} from '../strike-of.ts'
import {calmRun} from './calm-run.ts'
import {micros} from './history-builder.ts'
import {between, type Case} from './planting.ts'

interface Shape {
  /** When proxy2 takes the address, in seconds after the fault; null: never. */
  readonly taken: number | null
  /** When proxy1 takes it too, and nobody gives it up. */
  readonly back?: number
}

export function moving({taken, back}: Shape): Event[] {
  const topology = loadTopology({topology: 'vip', profile: 'fast'})
  const run = calmRun({mend: 20, finalReads: 32, hosts: ['proxy1']}).map((event): Event => {
    if (event.kind === 'run-started') return {...event, topology}
    return event.kind === 'fault-injecting' ? {...event, strike: strikeOf('kill', {what: 'host'}, ['proxy1'])} : event
  })
  const seconds = Array.from({length: 40}, (_, index) => index - 7)
  const watching = (host: HostName, from: number): Event[] =>
    seconds
      .filter(at => at < 0 || at >= from)
      .map(at => ({
        ...{at: micros(at), kind: 'watching', who: 'address', host, samples: 10, failures: 0},
        worstMicros: 110_000,
      }))
  return [
    ...run,
    ...watching('proxy1', 21),
    ...watching('proxy2', 0),
    has('proxy1', -6.9, true),
    has('proxy2', -6.9, false),
    ...(taken === null ? [] : [has('proxy2', taken, true)]),
    has('proxy1', 20.5, false),
    ...(back === undefined ? [] : [has('proxy1', back, true)]),
  ]
}

export function has(host: HostName, at: number, held: boolean): Of<'virtual-address'> {
  return {at: micros(at), kind: 'virtual-address', host, held}
}

export const addressMoves: Case = {
  params: {},
  clean: draw => moving({taken: between(draw, 2.7, 3.6)}),
  plants: {
    'it stays with a dead holder': () => moving({taken: null}),
    'it moves late': (_, draw) => moving({taken: between(draw, 6, 18)}),
    'both have it after the mend': (_, draw) => moving({taken: 3, back: between(draw, 24, 26)}),
  },
}
