/** A tag that Patroni gives a standby itself is no change by somebody else; the same tag at any other time is. */
import {describe, expect, test} from 'vitest'
import type {Event} from '../../../lab/history/event.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {altered, cleanRun, micros} from '../checks/history-builder.ts'

const clean = cleanRun()

describe('Patroni itself calls a standby nosync', () => {
  const nosync = {nosync: true}
  const said = (seconds: number, state: string, tags: Readonly<Record<string, unknown>> = nosync): Event => ({
    ...{at: micros(seconds), kind: 'patroni', host: 'node3', code: 200, role: 'replica', state, timeline: 1, lsn: 1},
    ...{streaming: [], tookMicros: 1, paused: false, pendingRestart: false, tags},
  })
  const restarting = [said(-3, 'running', {}), said(-2.5, 'running'), said(-1.5, 'restarting'), said(-1, 'starting')]
  const synchronous = (...added: Event[]) =>
    judge(
      altered(
        clean,
        event =>
          event.kind === 'run-started'
            ? {...event, topology: {...event.topology, patroni: {...event.topology.patroni, synchronousMode: 'on'}}}
            : event.kind === 'config-key'
              ? {...event, config: {...event.config, synchronous_mode: true}}
              : event,
        added,
      ),
    ).reasons
  const told = [expect.stringMatching(/^the tag nosync of node3 was set to true/)]

  test('while its server restarts, and nobody has changed anything', () => {
    expect(synchronous(...restarting, said(-0.5, 'running', {}))).toEqual([])
    expect(synchronous(...restarting)).toEqual([])
  })

  test.each<[string, Event[]]>([
    ['not where it does not restart', [said(-3, 'running', {}), said(-2, 'running'), said(-1, 'running', {})]],
    [
      'not for longer than it waits',
      [said(-3, 'running', {}), said(-2, 'running'), said(18, 'running'), said(19, 'restarting')],
    ],
    [
      'not for long after it is back, though nothing else of it changed',
      [...restarting, said(0, 'running'), said(40, 'running', {})],
    ],
    ['not after it is back', [...restarting, said(0, 'running'), said(4, 'running'), said(5, 'running', {})]],
  ])('%s: that somebody else did', (_, events) => {
    expect(synchronous(...events)).toEqual(expect.arrayContaining(told))
  })

  test('nor where no standby is synchronous', () => {
    expect(judge(altered(clean, event => event, [...restarting, said(-0.5, 'running', {})])).reasons).toEqual(
      expect.arrayContaining(told),
    )
  })
})
