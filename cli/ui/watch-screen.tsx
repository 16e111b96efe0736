/** The screen of `watch`, from values alone: as tall as the terminal less one row, whatever is in it. */
import {Box} from 'ink'
import type {ReactNode} from 'react'
import type {LoadTold, Micros, Quorum} from '../../lab/index.ts'
import {Compact} from './compact.tsx'
import {quorumNow} from './etcd-quorum.ts'
import {titleOf} from './failover.ts'
import {FailoverMarks, failoverRows} from './failover-marks.tsx'
import {clock} from './format.ts'
import {Help} from './help.tsx'
import type {HostLine} from './host-log.ts'
import {seen} from './host-log.ts'
import {inFooter, watchKeys} from './keys.ts'
import {Line} from './line.tsx'
import {LogLine} from './log.tsx'
import {type Look, words} from './look.ts'
import {Members, Surroundings, surroundingRows} from './members.tsx'
import type {PaletteEntry} from './palette.ts'
import {Section} from './section.tsx'
import {Mark, Phases, Steps} from './steps.tsx'
import {Text} from './text.tsx'
import {bad} from './theme.ts'
import type {View} from './view.ts'
import {drawnClientRows, groupedClientRows, leastClientRows, WatchClients, wholeClientRows} from './watch-clients.tsx'
import {Chosen, Palette} from './watch-palette.tsx'
import {scenarioIn, type WatchState} from './watch-state.ts'

/** A run that another command plays on this lab. */
export interface OtherRun {
  /** `chaos kill-leader (pid 4711)`; null: nobody works on the lab. */
  readonly holder: string | null
  /** As far as it is told in its record; null: there is none that can be read. */
  readonly view: View | null
  /** On the clock of that run. */
  readonly now: Micros
}

export interface WatchFacts {
  readonly view: View
  readonly now: Micros
  readonly quorum: Quorum | null
  readonly other: OtherRun
  /** What becomes of the load that was asked for; null: none was. */
  readonly load: LoadTold | null
  readonly logOf: (host: string) => readonly HostLine[]
  readonly entries: readonly PaletteEntry[]
  /** What is being done, with a spinner; null: nothing. */
  readonly doing: string | null
  /** What came of it last. */
  readonly notice: {readonly says: string; readonly tone: 'good' | 'bad'} | null
}

interface Props extends WatchFacts {
  readonly look: Look
  readonly columns: number
  readonly rows: number
  readonly state: WatchState
  readonly spin: number
}

/** Header, notice, footer. */
export const around = 3
const leastColumns = 60
const leastRows = 18

export function WatchScreen(props: Props) {
  const {look, columns, rows, state} = props
  return (
    <Box flexDirection="column" width={columns} height={Math.max(1, rows - 1)} overflow="hidden">
      <Header {...props} />
      <Box flexDirection="column" flexGrow={1} flexShrink={1} overflow="hidden">
        {state.help > 0 ? (
          <Help look={look} bindings={watchKeys} columns={columns} rows={rows - 1 - around} page={state.help} />
        ) : state.preview !== null ? (
          <Chosen look={look} preview={state.preview} spin={props.spin} columns={columns} />
        ) : state.typing === 'palette' ? (
          <Palette look={look} entries={props.entries} state={state} columns={columns} rows={rows - 1 - around} />
        ) : (
          <Body {...props} />
        )}
      </Box>
      <Notice {...props} />
      <Footer look={look} state={state} columns={columns} />
    </Box>
  )
}

/** Whose failover is told: that of the run that goes on, else that of a fault of ours. */
function failoverOf({view, now, other}: WatchFacts): {readonly view: View; readonly now: Micros} {
  return other.view?.failover ? {view: other.view, now: other.now} : {view, now}
}

/** Whose clients are shown: those of the run that goes on, else those of the load; null: there are none. */
function clientsOf({view, now, other, load}: WatchFacts) {
  if (other.view !== null) return {view: other.view, now: other.now, ofRun: true}
  return load === null ? null : {view, now, ofRun: false}
}

interface Plan {
  readonly members: number
  readonly failover: number
  readonly run: number
  readonly clients: number
  /** Without its title. */
  readonly log: number
}

const mostSteps = 4
/** Its title and the phases. */
const leastRun = 2
/** With its title. */
const leastLog = 3

/** The rows that each part has; null: it is too small for parts. */
export function planOf(facts: WatchFacts, columns: number, rows: number): Plan | null {
  const members = 1 + facts.view.members.length + surroundingRows(facts.view) + 1
  let free = rows - 1 - around - members
  if (columns < leastColumns || rows < leastRows || free < leastLog) return null
  free -= leastLog
  // In this order each gets what is left: what has no room is told elsewhere, too, or in one line.
  const take = (wanted: number) => {
    if (wanted > free) return 0
    free -= wanted
    return wanted
  }
  const clients = clientsOf(facts)
  const steps = Math.min(mostSteps, facts.other.view?.steps.length ?? 0)
  const run = facts.other.view === null ? 0 : take(leastRun)
  const inShort = clients === null ? 0 : take(leastClientRows)
  const failover = failoverOf(facts).view.failover === null ? 0 : take(failoverRows + 1)
  // The step that goes on is told nowhere else.
  const forStep = run === 0 ? 0 : take(Math.min(1, steps, free))
  const shown = [wholeClientRows, groupedClientRows, () => drawnClientRows].map(rows =>
    clients === null ? 0 : rows(clients.view, columns),
  )
  const forClients =
    inShort === 0 ? 0 : inShort + take((shown.find(rows => rows - inShort <= free) ?? inShort) - inShort)
  const forSteps = forStep === 0 ? 0 : forStep + take(Math.min(steps - forStep, free))
  return {members, failover, run: run + forSteps, clients: forClients, log: leastLog + free - 1}
}

function Body(props: Props) {
  const {look, view, now, columns, rows, state, spin, other} = props
  const plan = planOf(props, columns, rows)
  if (plan === null)
    return <Compact look={look} view={view} now={now} rows={rows - 1 - around} log={state.filter === ''} />
  const failover = failoverOf(props)
  const clients = clientsOf(props)
  return (
    <>
      <Section look={look} title="Members" columns={columns} rows={plan.members}>
        <Members look={look} view={view} now={now} columns={columns - 2} />
        <Surroundings look={look} view={view} columns={columns - 2} />
        <Quorums {...props} />
      </Section>
      {plan.failover > 0 && (
        <Section look={look} title={titleOf(failover.view.failover)} columns={columns} rows={plan.failover}>
          <FailoverMarks look={look} view={failover.view} now={failover.now} columns={columns - 2} />
        </Section>
      )}
      {plan.run > 0 && other.view !== null && (
        <Section look={look} title={`Run: ${words(look, other.view.scenario)}`} columns={columns} rows={plan.run}>
          <Phases look={look} view={other.view} spin={spin} />
          <Steps look={look} view={other.view} now={other.now} spin={spin} rows={Math.max(0, plan.run - leastRun)} />
        </Section>
      )}
      {clients !== null && plan.clients > 0 && (
        <WatchClients {...clients} look={look} load={props.load} columns={columns} rows={plan.clients} />
      )}
      <LogPane {...props} rows={plan.log} />
    </>
  )
}

function Quorums({look, quorum: asked, view, other}: Props) {
  const quorum = quorumNow(asked, view)
  return (
    <Line look={look}>
      <Text dimColor>{'quorum'.padEnd(16)}</Text>
      {quorum === null ? (
        <Text dimColor>not asked yet</Text>
      ) : quorum.isLost === null ? (
        <Text bold>
          not known: {quorum.silent} of {quorum.members} do not answer
        </Text>
      ) : (
        <Text {...(quorum.isLost ? {...bad, bold: true} : {})}>
          {quorum.isLost ? 'LOST ' : ''}
          {quorum.led} of {quorum.members}, {quorum.needed} needed
        </Text>
      )}
      {quorum !== null && quorum.alarms.length > 0 && (
        <Text {...bad} bold>
          {'  '}ALARM {words(look, quorum.alarms.join('; '))}
        </Text>
      )}
      {view.holders.length > 0 && <Text>{`  address on ${view.holders.join(', ')}`}</Text>}
      {other.holder !== null && <Text dimColor>{`  in use by ${words(look, other.holder)}`}</Text>}
    </Line>
  )
}

function LogPane({look, view, columns, rows, state, logOf}: Props) {
  const host = view.members.length === 0 ? undefined : hostsOf(view)[state.pane - 1]
  const own = seen(view.lines, line => line.says, {...state, rows})
  const theirs = host === undefined ? null : seen(logOf(host), line => line.text, {...state, rows})
  const back = theirs?.back ?? own.back
  const title = [
    `Log: ${host ?? 'what happens'}`,
    ...(state.filter === '' && state.typing !== 'filter' ? [] : [`only ${state.filter}${state.typing ? '_' : ''}`]),
    ...(back === 0 ? [] : [`${back} lines back`]),
  ].join('   ')
  return (
    <Section look={look} title={words(look, title)} columns={columns} rows={rows + 1}>
      {theirs === null
        ? own.lines.map(line => <LogLine key={line.nth} look={look} line={line} />)
        : theirs.lines.map(line => (
            <LogLine key={line.nth} look={look} line={{...line, says: line.text, tone: 'plain'}} />
          ))}
    </Section>
  )
}

/** In the order of the panes. */
export function hostsOf({topology}: View): readonly string[] {
  return topology?.hosts.map(host => host.name) ?? []
}

function Header({look, view, now, columns}: Props) {
  const {topology, versions} = view
  const facts = [
    versions.postgres && `PostgreSQL ${versions.postgres}`,
    versions.patroni && `Patroni ${versions.patroni}`,
    topology && `ttl ${topology.patroni.ttlSeconds} loop ${topology.patroni.loopWaitSeconds}`,
  ]
  return (
    <Box width={columns} height={1} flexShrink={0} justifyContent="space-between">
      <Box flexShrink={1}>
        <Line look={look}>
          <Text bold>lab {words(look, view.lab)}</Text>
          <Text dimColor>
            {'   '}
            {words(look, facts.filter(Boolean).join('   '))}
          </Text>
        </Line>
      </Box>
      <Box flexShrink={0} marginLeft={1}>
        <Text bold>{clock(now)}</Text>
      </Box>
    </Box>
  )
}

function Notice({look, doing, notice, spin}: Props) {
  return (
    <Box height={1} flexShrink={0}>
      <Line look={look}>
        {doing !== null ? (
          <Text>
            <Mark look={look} state="running" spin={spin} /> {words(look, doing)}
          </Text>
        ) : notice === null ? (
          ' '
        ) : (
          <Text {...(notice.tone === 'good' ? {} : bad)}>
            <Mark look={look} state={notice.tone === 'good' ? 'done' : 'failed'} spin={spin} />{' '}
            {words(look, notice.says)}
          </Text>
        )}
      </Line>
    </Box>
  )
}

function Footer({look, state, columns}: {look: Look; state: WatchState; columns: number}) {
  return (
    <Box height={1} flexShrink={0}>
      <Line look={look}>{footer(state, columns)}</Line>
    </Box>
  )
}

function footer({typing, preview}: WatchState, columns: number): ReactNode {
  if (preview !== null) {
    if (preview.lines === null) return <Text dimColor>the lab is being asked</Text>
    if (preview.refused) return <Text>any key goes back</Text>
    return (
      <Text bold>
        {scenarioIn(preview.words) !== null
          ? 'play it, step by step on a screen of its own? y/N '
          : preview.destroys
            ? 'what it takes is gone for good: do it? y/N '
            : 'enter does it, any other key goes back'}
      </Text>
    )
  }
  if (typing === 'palette') return <Text>{'enter takes it   up, down choose   esc goes back'}</Text>
  if (typing === 'filter') return <Text>{'letters filter the log   enter keeps it   esc takes it away'}</Text>
  return inFooter(watchKeys, columns, 2).map(key => (
    <Text key={key.action}>
      <Text bold>{key.name}</Text>
      {key.short !== '' && <Text dimColor> {key.short}</Text>}
      {' '.repeat(key.gap)}
    </Text>
  ))
}
