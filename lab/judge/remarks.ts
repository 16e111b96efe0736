/** What a reader has to know of a run besides its verdict, which it does not touch: one sentence each, without a full stop. */
import {whoDeletedKey} from '../history/by-hand.ts'
import type {History} from '../history/history.ts'
import {starvedFor} from '../history/lateness.ts'
import {momentsOf} from '../history/moments.ts'
import {type ReplicaReads, replicaReadsOf} from '../history/reads.ts'
import {deletionsOf} from '../history/tenures.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'

/** Asynchronous replication is a little behind all the time. */
const muchBehind: Micros = 1_000_000

export function remarks(history: History): string[] {
  return [...deletedKeys(history), ...oldReads(replicaReadsOf(history)), ...imprecise(history)]
}

function deletedKeys(history: History): string[] {
  return deletionsOf(history).map(
    ({gone, back}) =>
      `${whoDeletedKey(history, gone.at)} deleted the leader key of ${back.holder} at ${sayMicros(gone.at)} of the run, though its lease had not run out; ${back.holder} took it back ${sayMicros(back.at - gone.at)} later`,
  )
}

function oldReads(reads: ReplicaReads | null): string[] {
  if (reads === null || reads.maxMicros < muchBehind) return []
  const {count, medianMicros, maxMicros} = reads
  return [
    `reads through the read-only way in were up to ${sayMicros(maxMicros)} behind the writes that had been acknowledged (half of ${count} by ${sayMicros(medianMicros)} at most)`,
  ]
}

/** Who was stopped, or starved, saw what came meanwhile when it went on. */
function imprecise(history: History): string[] {
  const moments = momentsOf(history)
  if (moments === null) return []
  const {says} = starvedFor(history, moments.steps, moments.end)
  return says === '' ? [] : [`${says}: times of this run are known no better than that`]
}
