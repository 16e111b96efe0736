/** The failover as a row of marks with the seconds after the fault, and the lease that runs out meanwhile. */
import {Box} from 'ink'
import type {Micros} from '../../lab/index.ts'
import {type Bounds, shortPhase} from '../../lab/inside/reading.ts'
import {isCounted} from './etcd-quorum.ts'
import {type Failover, isExpected, isRenewed, type Mark, marks} from './failover.ts'
import {seconds} from './format.ts'
import {Line} from './line.tsx'
import type {Look} from './look.ts'
import {Text} from './text.tsx'
import {signOf} from './theme.ts'
import type {View} from './view.ts'

interface Props {
  readonly look: Look
  readonly view: View
  readonly now: Micros
}

export const failoverRows = 3

export function FailoverMarks({look, view, now, columns}: Props & {columns: number}) {
  const {failover} = view
  const form = forms.find(one => widthOf(failover, one) <= columns) ?? forms.at(-1)!
  return (
    <>
      <Box width={columns} height={2} justifyContent="space-between" overflow="hidden">
        {columnsOf(failover, form).map(({label, state, says}) => (
          <MarkColumn key={label} look={look} label={label} state={state} says={says} />
        ))}
      </Box>
      <Line look={look}>
        <Waiting look={look} view={view} now={now} columns={columns} />
      </Line>
    </>
  )
}

/** How much of each moment is told, the most first: on fewer columns the words are short, and last what was predicted goes as it comes. */
interface Form {
  readonly short: boolean
  readonly indent: string
  readonly sign: '+' | ''
  /** The prediction stays beside the moment that has come. */
  readonly both: boolean
}

const forms: readonly Form[] = [
  {short: false, indent: '  ', sign: '+', both: true},
  {short: false, indent: '', sign: '', both: true}, // 80 columns have room for that, with not a blank to spare
  {short: false, indent: '  ', sign: '+', both: false},
  {short: true, indent: '', sign: '+', both: false},
]

const shortLabels: Readonly<Record<Mark, string>> = {
  keyGone: 'lease',
  election: 'leader',
  promotion: 'promoted',
  newServerUp: 'proxy',
  firstWrite: 'write',
}

interface Column {
  readonly label: string
  readonly state: MarkState
  readonly says: {readonly time: string; readonly model: string}
}

function columnsOf(failover: Failover | null, form: Form): readonly Column[] {
  const unit = form.sign === '' ? 's' : ' s'
  const timed = (time: Micros | null) =>
    time === null ? '' : `${form.indent}${form.sign}${seconds(time).replace(' s', unit)}`
  const fault: Column = {
    label: 'fault',
    state: failover ? 'done' : 'pending',
    says: {time: timed(failover && 0), model: ''},
  }
  return [
    fault,
    ...marks.map((mark): Column => {
      const time = timeOf(failover, mark)
      const predicted = failover?.predicted[mark] ?? null
      const model = predicted === null || (time !== null && !form.both) ? '' : modelSays(predicted, time !== null)
      return {
        label: form.short ? shortLabels[mark] : shortPhase(mark),
        state: markState(failover, mark),
        says: {time: time === null ? form.indent : timed(time), model},
      }
    }),
  ]
}

/** With a blank between two of them; signs are one column wide. */
function widthOf(failover: Failover | null, form: Form): number {
  return columnsOf(failover, form)
    .map(({label, says}) => Math.max(2 + label.length, says.time.length + says.model.length) + 1)
    .reduce((sum, one) => sum + one, -1)
}

function timeOf(failover: Failover | null, mark: Mark): Micros | null {
  const at = failover?.phases[mark]
  return at === undefined ? null : at - failover!.at
}

type MarkState = 'done' | 'next' | 'pending' | 'skipped'

function markState(failover: Failover | null, mark: Mark): MarkState {
  if (failover === null) return 'pending'
  if (failover.phases[mark] !== undefined) return 'done'
  const later = marks.slice(marks.indexOf(mark) + 1)
  if (later.some(one => failover.phases[one] !== undefined)) return 'skipped'
  return isExpected(failover) && nextMark(failover) === mark ? 'next' : 'pending'
}

/** The first mark after the last one that was reached. */
function nextMark(failover: Failover): Mark | undefined {
  return marks[marks.findLastIndex(mark => failover.phases[mark] !== undefined) + 1]
}

function MarkColumn({look, label, state, says}: Column & {look: Look}) {
  const sign = {
    done: look.signs.done,
    next: look.signs.replica,
    pending: look.signs.pending,
    skipped: look.signs.skipped,
  }[state]
  const isAhead = state === 'pending' || state === 'skipped'
  const ofSign = state === 'done' ? signOf.good : state === 'next' ? signOf.waits : {}
  return (
    <Box flexDirection="column" flexShrink={0}>
      <Text bold={state === 'next'} dimColor={isAhead}>
        <Text {...ofSign}>{sign}</Text> {label}
      </Text>
      <Text>
        <Text bold>{says.time}</Text>
        <Text dimColor>{says.model}</Text>
      </Text>
    </Box>
  )
}

/** `12-20 s?`, or in brackets beside what came. */
function modelSays([least, most]: Bounds, came: boolean): string {
  const range = `${Math.round(least / 1e6)}-${Math.ceil(most / 1e6)}`
  return came ? ` (${range})` : `${range} s?`
}

/** What the cluster is waiting for, in words. */
function Waiting({look, view, now, columns}: Props & {columns: number}) {
  const {failover, lease, holder, topology} = view
  if (failover !== null && failover.phases.firstWrite !== undefined)
    return (
      <Text>
        {failover.writer} {failover.writer === failover.from ? 'takes writes again' : 'took over'}:{' '}
        {columns < wordyFrom ? '' : 'writes are acknowledged '}
        {seconds(failover.phases.firstWrite - failover.at)} after the fault
      </Text>
    )
  if (failover !== null && failover.phases.keyGone === undefined) {
    if (!failover.strikesLeader)
      return (
        <Text>
          the fault struck {failover.hosts.join(', ')}; the leader is {holder ?? 'unknown'}
        </Text>
      )
    if (failover.keepsKey !== null) return <Text>no failover is expected: {failover.keepsKey}</Text>
    if (!isCounted(view)) return <Text>no lease runs out: etcd has no quorum that counts it</Text>
    return <LeaseLeft look={look} view={view} now={now} columns={columns} />
  }
  if (failover !== null) return <Text>{waitingFor(failover, view.clients.lastWriteAt !== null)}</Text>
  if (holder === null || lease === null || topology === null)
    return <Text dimColor>the leader key is not known yet</Text>
  return (
    <Text dimColor>
      {holder} leads and refreshes its lease of {topology.patroni.ttlSeconds} s, last{' '}
      {seconds(Math.max(0, now - lease.refreshedAt))} ago
    </Text>
  )
}

/** @param writing whether any client of ours has written: else its first write is no end that anybody sees. */
function waitingFor(failover: Failover, writing: boolean): string {
  switch (nextMark(failover)) {
    case 'election':
      return 'the replicas compare positions and race for the key'
    case 'promotion':
      return `${failover.to} has the key and is being promoted`
    case 'newServerUp':
      return `${failover.to} accepts writes; the proxy has yet to see it`
    default:
      return `clients get to ${failover.to}; ${writing ? 'no write is acknowledged yet' : 'none of ours writes here'}`
  }
}

const barColumns = 20
/** On fewer columns a sentence is short, and a bar is none. */
const wordyFrom = 76

/** No host may take over before the dead leader's lease is over: this is where most of a failover's time goes. */
function LeaseLeft({look, view: {holder, lease, topology, failover}, now, columns}: Props & {columns: number}) {
  if (lease === null || topology === null || holder === null) return <Text dimColor>the lease is not known</Text>
  const ttl = topology.patroni.ttlSeconds * 1_000_000
  const left = lease.expiresAt - now
  const full = Math.max(0, Math.min(barColumns, Math.ceil((left / ttl) * barColumns)))
  const renewed = isRenewed(failover!, lease)
  return (
    <Text>
      {renewed ? `${holder} still refreshes its lease  ` : `the lease of ${holder} must run out first  `}
      {columns >= wordyFrom && (
        <Text {...signOf.waits} dimColor={!look.ascii}>
          {look.signs.barFull.repeat(full)}
          {look.signs.barEmpty.repeat(barColumns - full)}
          {'  '}
        </Text>
      )}
      {left >= 0 ? `${seconds(left)} left` : `over for ${seconds(-left)}`}
    </Text>
  )
}
