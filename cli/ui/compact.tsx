/** For a small terminal: a table like `patronictl list`, and one line each for what matters most. */

import type {Micros} from '../../lab/index.ts'
import {shortPhase} from '../../lab/inside/reading.ts'
import {sayBytes} from '../../lab/inside/start.ts'
import {brief} from './clients.tsx'
import {isCounted} from './etcd-quorum.ts'
import {isExpected, marks} from './failover.ts'
import {seconds} from './format.ts'
import {Line} from './line.tsx'
import {LogLine} from './log.tsx'
import {type Look, words} from './look.ts'
import {roleLetters} from './members.tsx'
import {roleOf, stateOf} from './shown-role.ts'
import {Text} from './text.tsx'
import {bad} from './theme.ts'
import {lastSecond, longestGap, openGap} from './throughput.ts'
import type {View} from './view.ts'

interface Props {
  readonly look: Look
  readonly view: View
  readonly now: Micros
  readonly rows: number
  readonly log: boolean
}

export function Compact({look, view, now, rows, log}: Props) {
  const gap = openGap(view.clients, now)
  const logRows = log ? Math.max(0, rows - view.members.length - 4) : 0
  return (
    <>
      <Line look={look}>
        <Text dimColor>
          {'Host'.padEnd(8)}
          {'Role'.padEnd(10)}
          {'State'.padEnd(11)}
          {'TL'.padEnd(4)}
          {'Lag'.padEnd(8)}Fault
        </Text>
      </Line>
      {view.members.map(one => {
        const role = roleOf(view, one)
        const fault = view.faults.find(({hosts}) => hosts.includes(one.host))
        return (
          <Line key={one.host} look={look}>
            {one.host.slice(0, 7).padEnd(8)}
            <Text {...roleLetters(role)}>{role.padEnd(10)}</Text>
            {words(look, stateOf(view, one)).slice(0, 10).padEnd(11)}
            {String(one.timeline ?? '-').padEnd(4)}
            {(one.lagBytes === null ? '-' : sayBytes(one.lagBytes)).padEnd(8)}
            {fault && <Text {...bad}>{words(look, fault.fault)}</Text>}
          </Line>
        )
      })}
      <Line look={look}>
        {brief(lastSecond(view.clients, now))}
        {'  '}
        {gap === null ? (
          <Text dimColor>longest gap {seconds(longestGap(view.clients, now))}</Text>
        ) : (
          <Text {...bad}>NO WRITES {seconds(gap)}</Text>
        )}
      </Line>
      <Line look={look}>
        <Text>{failoverSays(view, now)}</Text>
      </Line>
      <Line look={look}>
        <Text bold>{stepSays(look, view)}</Text>
      </Line>
      {view.lines.slice(view.lines.length - Math.min(logRows, view.lines.length)).map(line => (
        <LogLine key={line.nth} look={look} line={line} />
      ))}
    </>
  )
}

function failoverSays(view: View, now: Micros): string {
  const {failover, lease, holder} = view
  if (failover === null) return ''
  const last = marks.findLast(mark => failover.phases[mark] !== undefined)
  if (last !== undefined) return `${shortPhase(last)} +${seconds(failover.phases[last]! - failover.at)} after the fault`
  if (!isExpected(failover) || lease === null) return ''
  if (!isCounted(view)) return 'etcd has no quorum: no lease runs out'
  return `lease of ${holder}: ${seconds(Math.max(0, lease.expiresAt - now))} left`
}

function stepSays(look: Look, {steps, phase}: View): string {
  const index = steps.findIndex(step => step.state === 'running')
  if (index < 0) return phase ?? ''
  return `step ${index + 1}/${steps.length}: ${words(look, steps[index]!.says)}`
}
