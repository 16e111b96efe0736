/** What the clients get: rates as a sparkline, the gap that is open, and how many operations ended in which way. */
import type {ReactNode} from 'react'
import type {Micros, Outcome} from '../../lab/index.ts'
import {count, seconds} from './format.ts'
import {Line} from './line.tsx'
import type {Look} from './look.ts'
import {Text} from './text.tsx'
import {bad, signOf} from './theme.ts'
import {
  type Bucket,
  type Counts,
  lastSecond,
  longestGap,
  openGap,
  recent,
  scaleOf,
  type Throughput,
} from './throughput.ts'

interface Props {
  readonly look: Look
  readonly clients: Throughput
  readonly now: Micros
  readonly columns: number
  /** Behind the gap. */
  readonly children?: ReactNode
}

export function clientRows(columns: number): number {
  return isWide(columns) ? 4 : 6
}

/** Both rows of outcomes fit side by side. */
function isWide(columns: number): boolean {
  return columns >= 74
}

export function Clients({look, clients, now, columns, children}: Props) {
  const rates = lastSecond(clients, now)
  const drawn = {columns: columns - 16, scale: scaleOf(clients, now, columns - 16)}
  return (
    <>
      <Rate look={look} label="writes" rate={rates.writes} values={recent(clients, 'writes', now, drawn)} />
      <Rate look={look} label="reads" rate={rates.reads} values={recent(clients, 'reads', now, drawn)} />
      <Line look={look}>
        {'gap     '}
        <GapNow clients={clients} now={now} />
        {drawn.scale > 1 && <Text dimColor>{`   a column is ${drawn.scale} s`}</Text>}
        {children}
      </Line>
      {isWide(columns) ? (
        <Line look={look}>
          <Outcomes label="writes" counts={clients.counts.write} />
          {'    '}
          <Outcomes label="reads" counts={clients.counts.read} />
        </Line>
      ) : (
        <OutcomeTable look={look} counts={clients.counts} />
      )}
    </>
  )
}

/** The writes alone, in one row. */
export function WritesGraph({look, clients, now, columns}: Omit<Props, 'children'>) {
  const drawn = {columns: columns - 16, scale: scaleOf(clients, now, columns - 16)}
  const values = recent(clients, 'writes', now, drawn)
  return <Rate look={look} label="writes" rate={lastSecond(clients, now).writes} values={values} />
}

function GapNow({clients, now}: {clients: Throughput; now: Micros}) {
  const gap = openGap(clients, now)
  const longest = longestGap(clients, now)
  const longestSays = gap === longest ? '' : `   longest ${seconds(longest)}`
  if (gap !== null)
    return (
      <Text>
        <Text {...bad} bold>
          NO WRITES for {seconds(gap)}
        </Text>
        {longestSays}
      </Text>
    )
  if (clients.lastWriteAt === null) return <Text dimColor>no write yet</Text>
  return (
    <Text>
      <Text>{clients.writing ? 'none' : 'writers stopped'}</Text>
      {longestSays}
    </Text>
  )
}

function Rate({
  look,
  label,
  rate,
  values,
}: {
  look: Look
  label: string
  rate: number
  values: readonly (number | null)[]
}) {
  return (
    <Line look={look}>
      {label.padEnd(6)}
      <Text bold>{count(rate).padStart(6)}</Text>
      <Text dimColor>/s </Text>
      <Sparkline look={look} values={values} />
    </Line>
  )
}

/** Null: before the first operation, blank. Zero: a gap, and drawn as one. */
function Sparkline({look, values}: {look: Look; values: readonly (number | null)[]}) {
  const most = Math.max(...values.map(value => value ?? 0), 1)
  const levels = [...look.signs.levels]
  const runs: {from: number; gap: boolean; text: string}[] = []
  for (const [from, value] of values.entries()) {
    const gap = value === 0
    const sign = value === null ? ' ' : gap ? look.signs.gap : levels[Math.ceil((value / most) * levels.length) - 1]!
    const run = runs.at(-1)
    if (run?.gap === gap) run.text += sign
    else runs.push({from, gap, text: sign})
  }
  return runs.map(({from, gap, text}) => (
    <Text key={from} {...(gap ? signOf.bad : signOf.good)}>
      {text}
    </Text>
  ))
}

function Outcomes({label, counts}: {label: string; counts: Counts}) {
  return (
    <Text>
      <Text dimColor>{label}</Text> ok {count(counts.ok)}
      {'  '}
      <OutcomeText word="fail" number={counts.fail} />
      {'  '}
      <OutcomeText word="unknown" number={counts.unknown} />
    </Text>
  )
}

const outcomes: readonly (readonly [Outcome, boolean])[] = [
  ['ok', false],
  ['fail', true],
  ['unknown', true],
]

function OutcomeTable({look, counts}: {look: Look; counts: Throughput['counts']}) {
  return outcomes.map(([outcome, isBad]) => (
    <Line key={outcome} look={look}>
      <Text dimColor>{outcome.padEnd(8)}</Text>
      <OutcomeNumber value={counts.write[outcome]} word="writes " isBad={isBad} />
      <OutcomeNumber value={counts.read[outcome]} word="reads" isBad={isBad} />
    </Line>
  ))
}

function OutcomeNumber({value, word, isBad}: {value: number; word: string; isBad: boolean}) {
  const text = `${count(value).padStart(6)} ${word}`
  if (value === 0) return <Text dimColor>{text}</Text>
  return <Text {...(isBad ? bad : {})}>{text}</Text>
}

function OutcomeText({word, number}: {word: string; number: number}) {
  const text = `${word} ${count(number)}`
  return number === 0 ? <Text dimColor>{text}</Text> : <Text {...bad}>{text}</Text>
}

export function brief(rates: Bucket): string {
  return `writes ${count(rates.writes)}/s  reads ${count(rates.reads)}/s`
}
