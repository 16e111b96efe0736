/** What happened to the machine under a run, and was no step of it: then the run was about something else. */

import {type Micros, sayBytes, sayMicros} from '../words/quantity.ts'
import type {Of} from './event.ts'
import {type History, of} from './history.ts'
import {momentsOf} from './moments.ts'

/** As `Docker` says it. */
const fullDisk = 'the disk of the Docker engine is full'

/** One sentence each; empty when nothing is known of. */
export function disturbances(history: History): string[] {
  const moments = momentsOf(history)
  if (moments === null) return []
  return [engineAway(history, moments.steps, moments.end), clockSet(history), diskFull(history)].filter(
    says => says !== null,
  )
}

/**
 * The engine was not there: with it the hosts may have died that no fault has struck, and nobody heard of it. Of a second in which
 * it answered now and again nothing is said.
 */
function engineAway(history: History, from: Micros, to: Micros): string | null {
  const deaf = of(history, 'watching').filter(
    one => one.who === 'engine' && one.at >= from && one.at <= to && one.samples > 0 && one.failures === one.samples,
  )
  const [first] = deaf
  if (first === undefined) return null
  const which = first.engines === undefined ? '' : ` ${first.engines.join(' and ')}`
  return `the Docker engine${which} did not answer, from ${sayMicros(Math.max(0, first.at - from))} after the steps began: the lab was disturbed by more than its faults, so the run proves nothing`
}

/** Times of the engine's are of its wall clock, as are those of everything in the lab. */
export function clockSet(history: History): string | null {
  const measured = of(history, 'clock').filter(one => one.who === 'engine')
  const steps = [...Map.groupBy(measured, one => one.engine).values()].flatMap(ofOne => {
    const step = ofOne.find((one, index) => index > 0 && isStep(ofOne[index - 1]!, one))
    return step === undefined ? [] : [{step, first: ofOne[0]!}]
  })
  const [found] = steps
  if (found === undefined) return null
  const {step, first} = found
  const byMicros = first.offsetMicros - step.offsetMicros
  return `the wall clock of the engine${step.engine === undefined ? '' : ` ${step.engine}`} was set ${sayMicros(Math.abs(byMicros))} ${byMicros > 0 ? 'forward' : 'back'} in the middle of the run: what happened when is not known, so the run proves nothing`
}

/** What nobody filled on purpose was filled by somebody else, or is too small for the lab: it was looked at, or a mend met it, or a service. */
function diskFull(history: History): string | null {
  const room = fullRoom(history)
  if (room !== undefined)
    return `${fullDisk}, ${sayBytes(room.freeBytes)} were free: the lab was disturbed by more than its faults, so the run proves nothing`
  // A fault fills a volume of a size of its own, and a service does not say which disk it means.
  if (of(history, 'fault-injecting').some(one => one.strike.full !== undefined)) return null
  const mend = of(history, 'fault-mended').find(one => !one.ok && one.says?.includes(fullDisk))
  const log = of(history, 'log').find(one => one.sign === 'disk-full')
  if (mend === undefined && log === undefined) return null
  const who = mend === undefined ? `${log!.service} on ${log!.host}` : 'the mending'
  return `${fullDisk}, as ${who} found: the lab was disturbed by more than its faults, so the run proves nothing`
}

/** The engine's own disk, which no fault fills. */
export function fullRoom(history: History): Of<'room'> | undefined {
  return of(history, 'room').find(one => one.full)
}

function isStep(before: Of<'clock'>, after: Of<'clock'>): boolean {
  return Math.abs(after.offsetMicros - before.offsetMicros) > before.uncertaintyMicros + after.uncertaintyMicros
}
