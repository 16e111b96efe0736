/** The screen and the report read a failover in one way: over every recorded run they show the same phases at the same times. */
import {expect, test} from 'vitest'
import {writeGaps} from '../../../cli/render/write-gaps.ts'
import {marks} from '../../../cli/ui/failover.ts'
import {longestGap} from '../../../cli/ui/throughput.ts'
import {view} from '../../../cli/ui/view.ts'
import {failoversOf, findFailover, measuredPhases} from '../../../lab/history/failover.ts'
import {of} from '../../../lab/history/history.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'

const failovers = recordedFiles.filter(file => typeof findFailover(recordedRun(file)) !== 'string')

test('most recorded runs have a failover to agree on', () => expect(failovers.length).toBeGreaterThan(25))

test.each(failovers)('%s: the screen shows the phases of the last failover of the report, at its times', file => {
  const history = recordedRun(file)
  const all = failoversOf(history)
  if (typeof all === 'string') throw new Error(all)
  const found = all.at(-1)!
  const {failover} = view(history.events)
  // A later fault that struck others is what goes on then, and the screen says whom it struck.
  const last = of(history, 'fault-injecting').at(-1)!
  if (failover?.strikesLeader === false) {
    expect(failover).toMatchObject({at: last.at, hosts: last.hosts})
    expect(last.at).toBeGreaterThan(found.t0)
    return
  }
  const phases = Object.entries(failover?.phases ?? {}).map(([phase, at]) => [phase, at - failover!.at])
  expect({...failover, phases: Object.fromEntries(phases)}).toMatchObject({
    ...{
      after: `${found.fault.fault} on ${found.fault.hosts.join(', ')}`,
      at: found.t0,
      from: found.oldLeader,
      to: found.newLeader ?? null,
    },
    ...{strikesLeader: true, phases: measuredPhases(found)},
  })
  expect(Object.keys(failover!.phases).toSorted()).toEqual(Object.keys(measuredPhases(found)).toSorted())
})

test.each(recordedFiles.filter(file => !failovers.includes(file)))(
  '%s: where the report has no failover, the screen waits for none',
  file => {
    const {failover} = view(recordedRun(file).events)
    expect({
      strikes: failover?.strikesLeader ?? false,
      reached: marks.filter(mark => failover?.phases[mark] !== undefined),
    }).toEqual({strikes: false, reached: []})
  },
)

test.each(recordedFiles)('%s: the longest pause between writes is the same on the screen and in the report', file => {
  const history = recordedRun(file)
  const {clients} = view(history.events)
  const pauses = writeGaps(history).map(({from, to}) => to - from)
  expect(longestGap(clients, history.events.at(-1)!.at)).toBe(Math.max(0, ...pauses))
})
