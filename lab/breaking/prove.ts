/** Looks for the effect of a fault until it shows, and records as the fault's proof what was seen, and when. */
import {setTimeout as sleep} from 'node:timers/promises'
import {LabError} from '../words/errors.ts'
import type {Micros} from '../words/quantity.ts'
import type {FaultSite} from './fault.ts'

export interface Seen {
  readonly holds: boolean
  /** One sentence about what was seen, whether that is the effect or not. */
  readonly says: string
  /** When it was so, if that was before the look. */
  readonly at?: Micros | undefined
}

/** An effect that takes longer than this has another reason than the fault. */
const withinMs = 5000
const quickMs = 5

/** For effects that take a while to see, and whose seeing costs something. */
interface Pace {
  readonly limitMs?: number
  readonly everyMs?: number
}

export async function prove(
  {proof, now, signal}: Pick<FaultSite, 'proof' | 'now' | 'signal'>,
  look: () => Promise<Seen>,
  pace: number | Pace = {},
): Promise<void> {
  const {limitMs = withinMs, everyMs = quickMs} = typeof pace === 'number' ? {limitMs: pace} : pace
  const deadline = now() + limitMs * 1000
  for (;;) {
    const {holds, says, at = now()} = await look()
    if (holds || at > deadline) return proof(holds, holds ? says : `after ${limitMs / 1000} s still: ${says}`, at)
    if (signal.aborted) return // the run ends; nobody judges an injection that was cut short
    await sleep(everyMs)
  }
}

/** A look at hosts or services that may not answer just now, e.g. because they restart: then the effect is not seen yet. */
export function patiently(look: () => Promise<Seen>): () => Promise<Seen> {
  return async () => {
    try {
      return await look()
    } catch (error) {
      if (error instanceof LabError && error.code === 'engine') return {holds: false, says: error.message}
      throw error
    }
  }
}
