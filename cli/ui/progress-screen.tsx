/** The screen of `up`: finished steps stay as lines, those under way spin below them. */
import {Box, Static} from 'ink'
import {seconds} from './format.ts'
import {Line} from './line.tsx'
import {type Look, words} from './look.ts'
import {Mark} from './steps.tsx'
import {Text} from './text.tsx'
import {bad, signOf} from './theme.ts'

export interface ProgressStep {
  readonly name: string
  readonly state: 'running' | 'done' | 'failed'
  readonly says: string | null
  /** 0..1 */
  readonly fraction: number | null
  readonly beganMs: number
  readonly endedMs: number | null
}

interface Props {
  readonly look: Look
  readonly finished: readonly ProgressStep[]
  readonly running: readonly ProgressStep[]
  readonly nowMs: number
  readonly columns: number
  readonly rows: number
  readonly spin: number
}

export function ProgressScreen({look, finished, running, nowMs, columns, rows, spin}: Props) {
  return (
    <>
      <Static items={[...finished]}>
        {(step, index) => (
          <Box key={index} width={columns}>
            <StepLine look={look} step={step} nowMs={nowMs} columns={columns} spin={spin} />
          </Box>
        )}
      </Static>
      <Box flexDirection="column" width={columns} maxHeight={Math.max(1, rows - 1)} overflow="hidden">
        {running.map(step => (
          <StepLine key={step.name} look={look} step={step} nowMs={nowMs} columns={columns} spin={spin} />
        ))}
      </Box>
    </>
  )
}

const barColumns = 12

function StepLine({
  look,
  step,
  nowMs,
  columns,
  spin,
}: {
  look: Look
  step: ProgressStep
  nowMs: number
  columns: number
  spin: number
}) {
  const took = seconds(((step.endedMs ?? nowMs) - step.beganMs) * 1000)
  const nameColumns = Math.max(30, Math.min(44, columns - 46))
  return (
    <Line look={look}>
      <Mark look={look} state={step.state} spin={spin} />{' '}
      <Text bold={step.state === 'running'}>{words(look, step.name).padEnd(nameColumns)}</Text>
      {took.padStart(8)}
      {step.state === 'failed' && <Text {...bad}> failed</Text>}
      {step.fraction !== null && step.state === 'running' && <Bar look={look} fraction={step.fraction} />}
      {step.says !== null && (
        <Text dimColor>
          {'  '}
          {words(look, step.says)}
        </Text>
      )}
    </Line>
  )
}

function Bar({look, fraction}: {look: Look; fraction: number}) {
  const full = Math.round(Math.max(0, Math.min(1, fraction)) * barColumns)
  return (
    <Text>
      {'  '}
      <Text {...signOf.follows}>{look.signs.barFull.repeat(full)}</Text>
      <Text dimColor>{look.signs.barEmpty.repeat(barColumns - full)}</Text>
      {`${Math.round(fraction * 100)}`.padStart(4)} %
    </Text>
  )
}
