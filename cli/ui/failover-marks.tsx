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
  return (
    <>
      <Box width={columns} height={2} justifyContent="space-between" overflow="hidden">
        <MarkColumn look={look} label="fault" time={failover && 0} state={failover ? 'done' : 'pending'} />
        {marks.map(mark => (
          <MarkColumn
            key={mark}
            look={look}
            label={shortPhase(mark)}
            time={timeOf(failover, mark)}
            predicted={failover?.predicted[mark] ?? null}
            both={columns >= bothFrom}
            state={markState(failover, mark)}
          />
        ))}
      </Box>
      <Line look={look}>
        <Waiting look={look} view={view} now={now} />
      </Line>
    </>
  )
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

interface MarkProps {
  readonly look: Look
  readonly label: string
  readonly time: Micros | null
  readonly state: MarkState
  /** By the timing model, after the fault. */
  readonly predicted?: Bounds | null
  /** There is room for what was predicted beside what came. */
  readonly both?: boolean
}

/** Columns from which the prediction stays when its moment has come. */
const bothFrom = 110

function MarkColumn({look, label, time, state, predicted = null, both = false}: MarkProps) {
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
        <Text bold>{time === null ? '  ' : `  +${seconds(time)}`}</Text>
        <Text dimColor>{predicted !== null && (time === null || both) ? modelSays(predicted, time !== null) : ''}</Text>
      </Text>
    </Box>
  )
}

/** `model 12-20 s`, or in brackets beside what came. */
function modelSays([least, most]: Bounds, came: boolean): string {
  const range = `${Math.round(least / 1e6)}-${Math.ceil(most / 1e6)}`
  return came ? ` (${range})` : `${range} s?`
}

/** What the cluster is waiting for, in words. */
function Waiting({look, view, now}: Props) {
  const {failover, lease, holder, topology} = view
  if (failover !== null && failover.phases.firstWrite !== undefined)
    return (
      <Text>
        {failover.writer} {failover.writer === failover.from ? 'takes writes again' : 'took over'}: writes are
        acknowledged {seconds(failover.phases.firstWrite - failover.at)} after the fault
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
    return <LeaseLeft look={look} view={view} now={now} />
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
      return 'the replicas compare their positions and race for the leader key'
    case 'promotion':
      return `${failover.to} has the key and is being promoted`
    case 'newServerUp':
      return `${failover.to} accepts writes; the proxy has yet to see it`
    default:
      return `the proxy sends clients to ${failover.to}; ${writing ? 'no write is acknowledged yet' : 'no client of ours writes here'}`
  }
}

const barColumns = 20

/** No host may take over before the dead leader's lease is over: this is where most of a failover's time goes. */
function LeaseLeft({look, view: {holder, lease, topology, failover}, now}: Props) {
  if (lease === null || topology === null || holder === null) return <Text dimColor>the lease is not known</Text>
  const ttl = topology.patroni.ttlSeconds * 1_000_000
  const left = lease.expiresAt - now
  const full = Math.max(0, Math.min(barColumns, Math.ceil((left / ttl) * barColumns)))
  const renewed = isRenewed(failover!, lease)
  return (
    <Text>
      {renewed ? `${holder} still refreshes its lease  ` : `the lease of ${holder} must run out first  `}
      <Text {...signOf.waits} dimColor={!look.ascii}>
        {look.signs.barFull.repeat(full)}
        {look.signs.barEmpty.repeat(barColumns - full)}
      </Text>
      {left >= 0 ? `  ${seconds(left)} left` : `  over for ${seconds(-left)}`}
    </Text>
  )
}
