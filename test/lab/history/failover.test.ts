import {expect, test} from 'vitest'
import {type Failover, findFailover} from '../../../lab/history/failover.ts'
import {historyOf} from '../../../lab/history/history.ts'
import {cleanRun, sample} from '../checks/history-builder.ts'

/** A run whose `docker kill` took 0.9 s, with one more answer of the probe of the dead server. */
function measured(error: string): Failover {
  const run = cleanRun({injected: 0.9}).filter(
    event => !(event.kind === 'postgres' && event.host === 'node1' && !event.up),
  )
  const found = findFailover(historyOf([...run, sample('node1', 0.04, {up: false, inRecovery: null, error})]))
  if (typeof found === 'string') throw new Error(found)
  return found
}

test('the end of our own connection tells when the host died, however late the engine answers', () => {
  expect(measured('closed').oldLeader).toBe('node1')
  expect(measured('closed').facts.callTook).toBe(40_000)
})

test('a mere time-out does not: a frozen server times out as well', () => {
  expect(measured('timeout').facts.callTook).toBe(900_000)
})
