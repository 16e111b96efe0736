/** A replication slot, as the server that has it tells it. */
import {sayLsn} from '../words/lsn.ts'

export interface Slot {
  readonly name: string
  readonly type: 'physical' | 'logical'
  /** Of a logical slot. */
  readonly plugin: string | null
  readonly database: string | null
  /** Somebody reads from it. */
  readonly active: boolean
  /** LSN in bytes: from where WAL is kept for it, and up to where its subscriber has everything (of a logical one). */
  readonly restart: number | null
  readonly confirmed: number | null
  /** `lost`: the WAL that it needs is gone. */
  readonly walStatus: string | null
}

/** How far its subscriber has come; null: nobody has begun to read. */
export function positionOf(slot: Slot | undefined): number | null {
  return (slot?.type === 'logical' ? slot.confirmed : slot?.restart) ?? null
}

export function sayPosition(slot: Slot | undefined): string {
  const at = positionOf(slot)
  return at === null ? 'no position' : sayLsn(at)
}
