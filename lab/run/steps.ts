/** The steps of a scenario, one after the other. */
import {setTimeout as sleep} from 'node:timers/promises'
import type {Step} from '../scenario/index.ts'
import {sayStep} from '../scenario/say.ts'
import type {Injections} from './injections.ts'
import {until, type Waiting} from './until.ts'

const lookEveryMs = 150

/** Told which step comes next; `index` counts from 0. The step begins when it resolves. */
export type BeforeStep = (step: Step, index: number) => void | Promise<void>

export interface StepSite extends Waiting {
  readonly injections: Pick<Injections, 'inject' | 'mend'>
  readonly before?: BeforeStep | undefined
}

/** A step that could not be done is the last one: what the scenario is about may never have happened. */
export async function playSteps(steps: readonly Step[], site: StepSite): Promise<void> {
  const {history, whole, before} = site
  for (const [index, step] of steps.entries()) {
    await before?.(step, index)
    history.record({kind: 'step-started', index, says: sayStep(step)})
    const {ok, says} = await playStep(step, site)
    history.record({kind: 'step-ended', index, ok, says})
    whole()
    if (!ok) return
  }
}

async function playStep(step: Step, site: StepSite): Promise<{ok: boolean; says: string}> {
  const {history, injections} = site
  switch (step.do) {
    case 'inject':
      return injections.inject(step)
    case 'heal':
      await injections.mend(fault => fault === step.as)
      return {ok: true, says: 'healed'}
    case 'hold':
      await hold(step.forMs, site)
      return {ok: true, says: 'held'}
    case 'until':
      return until(step, site)
    case 'say':
      history.record({kind: 'note', says: step.says})
      return {ok: true, says: step.says}
  }
}

/** Clients that are gone are noticed while it lasts: without them the rest of it shows nothing. */
async function hold(forMs: number, {signal, whole}: StepSite): Promise<void> {
  const end = performance.now() + forMs
  for (let left = forMs; left > 0; left = end - performance.now()) {
    whole()
    await sleep(Math.min(left, lookEveryMs), undefined, {signal})
  }
}
