/** Where the run is: its phases in one row, and the scenario's steps around the one that runs. */
import type {Micros} from '../../lab/index.ts'
import {seconds} from './format.ts'
import {Line} from './line.tsx'
import {type Look, words} from './look.ts'
import {Text} from './text.tsx'
import {bad, signOf} from './theme.ts'
import {type Progress, phases, type StepView, type View} from './view.ts'

interface Props {
  readonly look: Look
  readonly view: View
  readonly now: Micros
  readonly spin: number
}

export function Phases({look, view, spin}: Omit<Props, 'now'>) {
  const current = view.phase === null ? -1 : phases.indexOf(view.phase)
  return (
    <Line look={look}>
      {phases.map((phase, index) => {
        const state = index < current || view.ended === 'complete' ? 'done' : index > current ? 'pending' : 'running'
        return (
          <Text key={phase}>
            <Mark look={look} state={state} spin={spin} />{' '}
            <Text dimColor={state === 'pending'} bold={state === 'running'}>
              {phase.replace('-', ' ')}
            </Text>{' '}
          </Text>
        )
      })}
    </Line>
  )
}

/** The sign of a state; the word beside it says the same. */
export function Mark({look, state, spin}: {look: Look; state: Progress; spin: number}) {
  switch (state) {
    case 'done':
      return <Text {...signOf.good}>{look.signs.done}</Text>
    case 'failed':
      return <Text {...signOf.bad}>{look.signs.failed}</Text>
    case 'running':
      return <Text {...signOf.waits}>{[...look.signs.spinner][spin % [...look.signs.spinner].length]}</Text>
    case 'pending':
      return <Text dimColor>{look.signs.pending}</Text>
  }
}

export function Steps({look, view, now, spin, rows}: Props & {rows: number}) {
  const from = windowStart(view.steps, rows)
  return view.steps.slice(from, from + rows).map((step, offset) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the index is what a step is known by.
    <Line key={from + offset} look={look}>
      <Mark look={look} state={step.state} spin={spin} />{' '}
      <Text dimColor={step.state === 'pending'}>
        {from + offset + 1}. {words(look, step.says)}
      </Text>
      <Text dimColor>{took(step, now)}</Text>
      {step.result && <Text {...(step.state === 'failed' ? bad : {dimColor: true})}> {words(look, step.result)}</Text>}
    </Line>
  ))
}

function took(step: StepView, now: Micros): string {
  return step.startedAt === null ? '' : `  ${seconds((step.endedAt ?? now) - step.startedAt)} `
}

/** The step that runs is in the middle; at the ends the window stays inside the list. */
function windowStart(steps: readonly StepView[], rows: number): number {
  const current = steps.findLastIndex(step => step.state !== 'pending')
  return Math.max(0, Math.min(current - Math.floor((rows - 1) / 2), steps.length - rows))
}
