/** Writes that somebody was told are done, whoever asked: writers, bankers and programs. Whoever said so took writes. */
import {hostsWith} from '../topology/topology.ts'
import {sift} from '../words/sift.ts'
import {isDirect} from './client-group.ts'
import {wholeOf} from './cluster-view.ts'
import type {Event, Of} from './event.ts'
import {type History, of} from './history.ts'

export type Acknowledgement = Of<'op'> | Of<'bank'> | Of<'transaction'>

export function isWrite(event: Event): event is Acknowledgement {
  switch (event.kind) {
    case 'op':
    case 'transaction':
      return event.op === 'write'
    case 'bank':
      return event.op === 'transfer'
    default:
      return false
  }
}

/** Those that are so: the operations of ours, then the bankers', then the programs'. */
export function acknowledgements(
  history: History,
  isSo: (one: Acknowledgement) => boolean,
): readonly Acknowledgement[] {
  const [ops, ...others] = (['op', 'bank', 'transaction'] as const).map(kind =>
    sift<Acknowledgement>(of(history, kind), one => one.outcome === 'ok' && isWrite(one) && isSo(one)),
  )
  return others.every(list => list.length === 0) ? ops! : [...ops!, ...others.flat()]
}

/**
 * By a server that no member of the topology is: it was asked who it is, and said nothing or another name. Whoever answers at an
 * address of ours, from another port or with a data directory of another cluster, is one.
 */
export function foreignWrites(history: History, by: 'all' | 'proxied-clients'): readonly Acknowledgement[] {
  const topology = of(wholeOf(history), 'run-started')[0]?.topology
  if (topology === undefined) return []
  const members = new Set<string | null>(hostsWith(topology, 'patroni'))
  return acknowledgements(
    history,
    event =>
      !members.has(event.server) &&
      // Neither: a relay that could not ask.
      (event.server !== null || event.timeline !== null) &&
      (by === 'all' || !isDirect(event.client)),
  )
}

/** As a clause. */
export function sayForeign(writes: readonly Acknowledgement[]): string {
  const first = writes.reduce((a, b) => (b.at < a.at ? b : a))
  const who = first.server === null ? 'that does not say which host it is' : `that calls itself ${first.server}`
  return `${writes.length === 1 ? 'a write was' : `${writes.length} writes were`} acknowledged by a server ${who}, which is no member of this lab; the first of ${first.client}`
}
