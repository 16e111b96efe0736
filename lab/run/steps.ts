/** The steps of a scenario, one after the other. */
import {setTimeout as sleep} from 'node:timers/promises'
import {atOnce} from '../scenario/at-once.ts'
import type {Step} from '../scenario/index.ts'
import {sayStep} from '../scenario/say.ts'
import type {Injections} from './injections.ts'
import {sayLost, until, type Waiting} from './until.ts'

const lookEveryMs = 150

/** Told which step comes next; `index` counts from 0. The step begins when it resolves. */
export type BeforeStep = (step: Step, index: number) => void | Promise<void>

export interface StepSite extends Waiting {
  readonly injections: Pick<Injections, 'inject' | 'mend'>
  readonly before?: BeforeStep | undefined
}

/** A step that could not be done is the last one, as is one before which a fault was lost: what the scenario is about may never have happened. */
export async function playSteps(steps: readonly Step[], site: StepSite): Promise<void> {
  const {history, whole, before} = site
  let first = 0
  for (const part of atOnce(steps)) {
    const places = part.map((step, number) => ({step, index: first + number}))
    first += part.length
    for (const {step, index} of places) await before?.(step, index)
    for (const {step, index} of places) history.record({kind: 'step-started', index, says: sayStep(step)})
    const lost = sayLost(history)
    const ended = lost === null ? await playPart(part, site) : part.map(() => ({ok: false, says: lost}))
    for (const [number, {index}] of places.entries()) history.record({kind: 'step-ended', index, ...ended[number]!})
    whole()
    if (ended.some(({ok}) => !ok)) return
  }
}

interface Ended {
  readonly ok: boolean
  readonly says: string
  readonly known?: false
}

/** Faults that come together, or one step. */
async function playPart(part: readonly Step[], site: StepSite): Promise<readonly Ended[]> {
  const faults = part.filter(step => step.do === 'inject')
  const others = part.filter(step => step.do !== 'inject')
  return faults.length > 0 ? site.injections.inject(faults) : Promise.all(others.map(step => playStep(step, site)))
}

async function playStep(step: Exclude<Step, {do: 'inject'}>, site: StepSite): Promise<Ended> {
  const {history, injections} = site
  switch (step.do) {
    case 'heal':
      await injections.mend(fault => fault === step.as)
      return {ok: true, says: 'healed'}
    case 'hold':
      return hold(step.forMs, site)
    case 'until':
      return until(step, site)
    case 'say':
      history.record({kind: 'note', says: step.says})
      return {ok: true, says: step.says}
  }
}

/** Clients that are gone, and a fault that was lost, are noticed while it lasts: after that the rest of it shows nothing. */
async function hold(forMs: number, {history, signal, whole}: StepSite): Promise<Ended> {
  const end = performance.now() + forMs
  for (let left = forMs; left > 0; left = end - performance.now()) {
    whole()
    const lost = sayLost(history)
    if (lost !== null) return {ok: false, says: lost}
    await sleep(Math.min(left, lookEveryMs), undefined, {signal})
  }
  return {ok: true, says: 'held'}
}
