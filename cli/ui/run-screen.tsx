/**
 * The screen of `chaos`, from values alone. It is never taller than the terminal less one row (Ink can't erase what has
 * scrolled away) and its height does not change while the log fills, so nothing jumps.
 */
import {Box} from 'ink'
import type {ReactNode} from 'react'
import type {Micros} from '../../lab/index.ts'
import {sayMicros} from '../../lab/inside/start.ts'
import {Clients, clientRows} from './clients.tsx'
import {Compact} from './compact.tsx'
import {titleOf} from './failover.ts'
import {FailoverMarks, failoverRows} from './failover-marks.tsx'
import {clock} from './format.ts'
import {Help, helpPages} from './help.tsx'
import {inFooter, type KeyBinding, keys} from './keys.ts'
import {Line} from './line.tsx'
import {Log} from './log.tsx'
import {type Look, words} from './look.ts'
import {Members, Surroundings, surroundingRows} from './members.tsx'
import {Section} from './section.tsx'
import {Mark, Phases, Steps} from './steps.tsx'
import {Text} from './text.tsx'
import {longestGap} from './throughput.ts'
import type {StepView, View} from './view.ts'

export interface Mode {
  /** Which page of it; 0: none. */
  readonly help: number
  readonly log: boolean
  /** `heal and quit? y/N` waits for an answer. */
  readonly asking: boolean
  /** The run was told to end, and is healing. */
  readonly interrupted: boolean
  /** Of `--step`: what it waits before. */
  readonly paused?: string | null
  /** The last frame, which stays above the report. */
  readonly finished: boolean
}

interface RunScreenProps {
  readonly look: Look
  readonly view: View
  readonly now: Micros
  readonly columns: number
  readonly rows: number
  readonly mode: Mode
  /** Counts up, some ten times a second. */
  readonly spin: number
  /** Those of `chaos` when not given. */
  readonly bindings?: readonly KeyBinding[]
  /** Stands where the clock would be: how a recorded run is being played. */
  readonly playing?: string
}

export function RunScreen(props: RunScreenProps) {
  const {look, view, now, columns, rows, mode, spin, bindings = keys} = props
  if (mode.finished) return <Finished {...props} />
  const plan = planOf(props)
  const height = plan === null ? {} : {height: Math.min(rows - 1, mostRows)}
  return (
    <Box flexDirection="column" width={columns} {...height} maxHeight={Math.max(1, rows - 1)} overflow="hidden">
      <Header {...props} />
      {mode.help > 0 ? (
        <Box flexGrow={1} flexShrink={1} overflow="hidden">
          <Help look={look} bindings={bindings} columns={columns} rows={helpRows(rows)} page={mode.help} />
        </Box>
      ) : plan === null ? (
        <Compact look={look} view={view} now={now} rows={rows - 1 - headerAndFooter} log={mode.log} />
      ) : (
        <Body {...props} plan={plan} />
      )}
      <Footer look={look} mode={mode} spin={spin} bindings={bindings} columns={columns} />
    </Box>
  )
}

/** On a tall terminal: enough, and some of the shell's own history stays in sight. */
const mostRows = 36
const mostSteps = 8
const headerAndFooter = 2

export function runHelpPages(bindings: readonly KeyBinding[], columns: number, rows: number): number {
  return helpPages(bindings, columns, helpRows(rows))
}

function helpRows(rows: number): number {
  return Math.max(1, Math.min(rows - 1, mostRows) - headerAndFooter)
}

/** How many rows and columns each part gets. */
interface Plan {
  readonly isWide: boolean
  readonly left: number
  readonly right: number
  readonly memberRows: number
  readonly clientRows: number
  /** Blank rows between the parts. */
  readonly spacing: number
  readonly phaseRows: number
  readonly stepRows: number
  /** Without the title. */
  readonly logRows: number
}

/** Null: the terminal is too small for the parts, so the compact table is shown. */
function planOf({view, columns, rows, mode}: RunScreenProps): Plan | null {
  const isWide = columns >= 100
  const left = isWide ? Math.max(64, Math.floor(columns * 0.55)) : columns
  const right = isWide ? columns - left : columns
  const members = 1 + view.members.length + surroundingRows(view)
  const clients = 1 + clientRows(right - 2)
  const top = isWide ? Math.max(members, clients) : members + clients

  // What is left goes to the phases, the steps and the log; a tall terminal gets blank rows between the parts.
  const runTitle = 1
  const free = Math.min(rows - 1, mostRows) - headerAndFooter - top - (failoverRows + 1) - runTitle
  if (columns < 60 || rows < 15 || free < 0) return null
  const spacing = free >= 18 ? 1 : 0
  const phaseRows = free >= 6 ? 1 : 0
  const forBoth = free - phaseRows - spacing * 3
  const stepRows = clamp(mode.log ? Math.floor((forBoth - 1) / 2) : forBoth, Math.min(view.steps.length, mostSteps))
  const logRows = mode.log ? clamp(forBoth - stepRows - 1, forBoth) : 0
  return {
    ...{isWide, left, right, spacing, phaseRows, stepRows, logRows},
    memberRows: isWide ? top : members,
    clientRows: isWide ? top : clients,
  }
}

function Body({look, view, now, columns, spin, plan}: RunScreenProps & {plan: Plan}) {
  const {isWide, left, right, spacing, phaseRows, stepRows, logRows} = plan
  return (
    <Box flexDirection="column" rowGap={spacing} flexGrow={1} flexShrink={1} overflow="hidden">
      <Box flexDirection={isWide ? 'row' : 'column'} flexShrink={0}>
        <Section look={look} title="Members" columns={left} rows={plan.memberRows}>
          <Members look={look} view={view} now={now} columns={left - 2} />
          <Surroundings look={look} view={view} columns={left - 2} quorum />
        </Section>
        <Section look={look} title="Clients" columns={right} rows={plan.clientRows}>
          <Clients look={look} clients={view.clients} now={now} columns={right - 2} />
        </Section>
      </Box>
      <Section look={look} title={titleOf(view.failover)} columns={columns} rows={failoverRows + 1}>
        <FailoverMarks look={look} view={view} now={now} columns={columns - 2} />
      </Section>
      <Section look={look} title={runTitleOf(view)} columns={columns} rows={1 + phaseRows + stepRows}>
        {phaseRows > 0 && <Phases look={look} view={view} spin={spin} />}
        <Steps look={look} view={view} now={now} spin={spin} rows={stepRows} />
      </Section>
      {logRows > 0 && (
        <Section look={look} title="Log" columns={columns} rows={logRows + 1}>
          <Log look={look} lines={view.lines} rows={logRows} />
        </Section>
      )}
    </Box>
  )
}

function clamp(rows: number, most: number): number {
  return Math.max(0, Math.min(rows, most))
}

function runTitleOf({phase, steps}: View): string {
  const index = steps.findLastIndex(step => step.state !== 'pending')
  return phase === 'steps' && index >= 0
    ? `Run: step ${index + 1} of ${steps.length}`
    : `Run: ${(phase ?? 'begins').replace('-', ' ')}`
}

function Header({look, view, now, columns, playing}: RunScreenProps) {
  const {topology, versions} = view
  const facts = [
    `lab ${view.lab}`,
    versions.postgres && `PostgreSQL ${versions.postgres}`,
    versions.patroni && `Patroni ${versions.patroni}`,
    topology && `ttl ${topology.patroni.ttlSeconds} loop ${topology.patroni.loopWaitSeconds}`,
  ]
  return (
    <Box width={columns} height={1} flexShrink={0} justifyContent="space-between">
      <Box flexDirection="column" flexShrink={1}>
        <Line look={look}>
          <Text bold>{words(look, view.scenario || 'chaos')}</Text>
          <Text dimColor>
            {'   '}
            {words(look, facts.filter(Boolean).join('   '))}
          </Text>
        </Line>
      </Box>
      <Box flexShrink={0} marginLeft={1}>
        <Text bold>{playing ?? clock(now)}</Text>
      </Box>
    </Box>
  )
}

interface FooterProps {
  readonly look: Look
  readonly mode: Mode
  readonly spin: number
  readonly bindings: readonly KeyBinding[]
  readonly columns: number
}

function Footer(props: FooterProps) {
  return (
    <Box flexShrink={0}>
      <Line look={props.look}>{footer(props)}</Line>
    </Box>
  )
}

function footer({look, mode, spin, bindings, columns}: FooterProps): ReactNode {
  if (mode.asking) return <Text bold>heal and quit? y/N </Text>
  if (mode.interrupted)
    return (
      <Text>
        <Mark look={look} state="running" spin={spin} /> interrupted: every fault is healed first, then the run ends
      </Text>
    )
  if (mode.paused)
    return (
      <Text>
        <Text bold>space</Text> <Text dimColor>goes on</Text>
        {'   '}
        <Text bold>paused before {words(look, mode.paused)}</Text>
      </Text>
    )
  // Those of a replay fit on 80 columns.
  const gap = bindings.filter(key => key.short !== '').length > 5 ? 2 : 3
  return inFooter(bindings, columns, gap).map(key => (
    <Text key={key.action}>
      <Text bold>{key.name}</Text>
      {key.short !== '' && <Text dimColor> {key.short}</Text>}
      {' '.repeat(key.gap)}
    </Text>
  ))
}

/** What stays above the report: the steps with their times. The report says the rest, and from evidence. */
function Finished({look, view: last, now, columns, rows, spin}: RunScreenProps) {
  const view = {...last, steps: last.steps.map(step => closed(step, now))}
  const stepRows = Math.max(0, Math.min(view.steps.length, rows - 4))
  return (
    <Box flexDirection="column" width={columns} maxHeight={Math.max(1, rows - 1)} overflow="hidden">
      <Line look={look}>
        <Mark look={look} state={view.ended === 'complete' ? 'done' : 'failed'} spin={spin} />{' '}
        <Text bold>{words(look, view.scenario || 'chaos')}</Text>
        <Text dimColor> {ending(view)} </Text>
        {clock(now)}
        {view.ended === 'complete' && (
          <Text dimColor>, longest pause between writes {sayMicros(longestGap(view.clients, now))}</Text>
        )}
      </Line>
      <Box flexDirection="column" paddingLeft={2}>
        <Steps look={look} view={view} now={now} spin={spin} rows={stepRows} />
      </Box>
    </Box>
  )
}

/** A step that was cut off has no end of its own. */
function closed(step: StepView, now: Micros): StepView {
  return step.state === 'running' ? {...step, state: 'failed', endedAt: now, result: 'not finished'} : step
}

function ending({ended}: View): string {
  if (ended === 'complete') return 'was played in'
  return ended === 'interrupted' ? 'was interrupted after' : 'ended early after'
}
