/** What a test of somebody's expects of a run, on runs that were recorded. */
import {expect, test} from 'vitest'
import '../../../lab/testing/vitest.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {recorded} from '../../cli/render/recorded.ts'
import {cleanRun, withRows} from '../checks/history-builder.ts'

const good = {history: historyOf(cleanRun()), folder: '/evidence/here'}
const lost = {history: historyOf(withRows(cleanRun(), rows => rows.delete(10)))}
const untold = {history: historyOf(cleanRun().filter(event => event.kind !== 'final-rows'))}
const unheld = {
  history: historyOf(cleanRun().map(event => (event.kind === 'fault-proof' ? {...event, holds: false} : event))),
}

const saying = (assertion: () => void): string => {
  try {
    assertion()
  } catch (error) {
    return (error as Error).message
  }
  return 'it held'
}

test('a run that is as expected passes', () => {
  expect(good).toFailOverWithin('30s')
  expect(good).toFailOverWithin('budget')
  expect(good).toLoseNoAcknowledgedWrites()
  expect(good).toKeepOnePrimary()
  expect(good).toReconnectWithin('10s')
  expect(good).toPass()
})

test('a failover that took longer says how long, with the events that prove it and where the rest lies', () => {
  const says = saying(() => expect(good).toFailOverWithin('10s'))
  expect(says).toMatch(/^kill-leader: expected: failover within 10s; it did not\n/)
  expect(says).toMatch(/ {2}seen: +.*22\.10 s/)
  expect(says).toMatch(/ {2}proof: +[+-]\d+\.\d\d s {2}\S/)
  expect(says).toMatch(/ {2}evidence: \/evidence\/here$/)
})

test('a lost write says which, and who acknowledged it', () => {
  const says = saying(() => expect(lost).toLoseNoAcknowledgedWrites())
  expect(says).toContain('1 lost')
  expect(says).toMatch(/proof: .*write 10 of w\d+ was acknowledged by node1/)
})

test('what a failover may lose is said as in a scenario', () => {
  const lostTail = {history: recorded('kill-leader.pass')}
  expect(lostTail).not.toLoseNoAcknowledgedWrites()
  expect(lostTail).toLoseNoAcknowledgedWrites({allow: 'async-tail'})
  expect(lostTail).toLoseNoAcknowledgedWrites({allow: {'async-tail': '1MB'}})
})

test('clients of one driver are asked for by its name, and of one that nobody had, nobody can tell', () => {
  expect(saying(() => expect(good).toReconnectWithin('10s', {driver: 'psycopg'}))).toMatch(
    /; nobody can tell\n[\s\S]*No writer of psycopg was writing/,
  )
})

test('of a run that proves nothing neither the expectation holds nor its contrary', () => {
  for (const run of [untold, unheld]) {
    expect(saying(() => expect(run).toLoseNoAcknowledgedWrites())).toContain('nobody can tell')
    expect(saying(() => expect(run).not.toLoseNoAcknowledgedWrites())).toContain('nobody can tell')
  }
})

test('the contrary of what fails holds, and of what passes fails', () => {
  expect(lost).not.toLoseNoAcknowledgedWrites()
  expect(saying(() => expect(good).not.toKeepOnePrimary())).toMatch(/not expected: one-writable-primary; it held/)
})

test('a run passes as it says itself, all of it', () => {
  expect({history: recorded('kill-leader.pass')}).toPass()
  expect(saying(() => expect({history: recorded('switchover-tcp-check.fail')}).toPass())).toMatch(
    /^switchover: expected: what the run expects; it did not\n {2}expected: /,
  )
})

test('a wrong word of the test’s is no verdict on the run', () => {
  expect(saying(() => expect(good).toFailOverWithin('20 seconds'))).toMatch(/^failover: within: /)
  expect(saying(() => expect({}).toPass())).toMatch(/^this expects a run/)
  expect(saying(() => expect({}).not.toPass())).toMatch(/^this expects a run/)
})
