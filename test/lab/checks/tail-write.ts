/** A write that asynchronous replication may lose. */
import type {Of} from '../../../lab/history/event.ts'
import {lsnAt, micros} from './history-builder.ts'

/** The first of the other agent's. */
export const firstId = 500_000_000
/** A last write of the old leader, acknowledged just before its death and beyond what the replica had received. */
export const tailWrite = (changes: Partial<Of<'op'>> = {}): Of<'op'> => ({
  ...{at: micros(0.02), sentAt: micros(0.015), kind: 'op', client: 'w1', op: 'write', id: firstId, outcome: 'ok'},
  ...{server: 'node1', timeline: 1, lsn: lsnAt(0) + 500, sqlstate: null, error: null},
  ...changes,
})
