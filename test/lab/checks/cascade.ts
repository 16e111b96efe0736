/** A run by hand in which node3 streams from node2, which is struck at 0 s and mended at 40 s, and from node1 after that. */
import type {Event, Of} from '../../../lab/history/event.ts'
import {calmRun} from './calm-run.ts'
import {micros} from './history-builder.ts'
import {between, type Case} from './planting.ts'

/** @param again when node3 streams again, in seconds after the fault; null: never. */
export function cascade({again}: {readonly again: number | null}): Event[] {
  const run = calmRun({mend: 40, finalReads: 46})
  const seconds = Array.from({length: 52}, (_, index) => index - 7)
  return [
    ...run,
    ...seconds.filter(at => at < 0).map(at => sends('node2', at, ['node3'])),
    ...seconds.map(at => sends('node1', at, at < 0 ? ['node2'] : [])),
    ...(again === null ? [] : [again, again + 1, again + 2].map(at => sends('node1', at, ['node3']))),
  ]
}

export function sends(host: string, at: number, to: readonly string[]): Of<'patroni'> {
  return {
    ...{at: micros(at), kind: 'patroni', host, code: 200, role: host === 'node1' ? 'primary' : 'replica'},
    ...{state: 'running', timeline: 1, lsn: 1, tookMicros: 1000},
    streaming: to.map(name => ({name, state: 'streaming', sync: 'async'})),
  }
}

export const streamsAgain: Case = {
  params: {within: '25s'},
  clean: draw => cascade({again: between(draw, 19, 23)}),
  plants: {
    'it streams from nobody': () => cascade({again: null}),
    'it streams again late': (_, draw) => cascade({again: between(draw, 26, 38)}),
    'it streams again only after the mend': (_, draw) => cascade({again: between(draw, 41, 44)}),
  },
}
