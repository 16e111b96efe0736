/** A run that ends its recording is judged by what is recorded. */
import {setTimeout as sleep} from 'node:timers/promises'
import {expect, test} from 'vitest'
import type {untilHealthy} from '../../../lab/cluster/wait.ts'
import type {Event} from '../../../lab/history/event.ts'
import {historyOf, of, Recorder} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {recover} from '../../../lab/run/recovery.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {calmRun} from '../checks/calm-run.ts'
import {sample} from '../checks/history-builder.ts'
import {localLab} from '../local-lab.ts'

const healthy = async () => ({healthy: true, complaints: [], leader: 'node1', members: [], routes: []}) as const
/** Nobody asks it anything: each test says how it is. */
const lab = localLab('patroni', [])
const within = {check: 'recovered', params: {within: '1m'}}

/** At the end of a switchover: Patroni calls the old leader a replica that streams, PostgreSQL's probe waits for its first answer. */
function healing(): {history: Recorder; see(event: Event): void} {
  const history = new Recorder()
  const see = ({at: _, ...happening}: Event) => history.record(happening)
  see(calmRun().find(event => event.kind === 'run-started')!)
  history.record({kind: 'phase', name: 'steps'})
  see(sample('node1', 0, {inRecovery: false, receiver: null}))
  see(sample('node2', 0))
  see(sample('node3', 0, {up: false, error: '57P03', inRecovery: null, receiver: null}))
  for (const name of ['healing', 'recovery'] as const) history.record({kind: 'phase', name})
  return {history, see}
}

test('it waits until the record shows what Patroni says, and the check finds the cluster whole', async () => {
  const {history, see} = healing()
  let over = false
  const recovering = recover({lab, history, signal: new AbortController().signal}, healthy).then(() => {
    over = true
  })
  await sleep(400)
  expect(over).toBe(false)
  see(sample('node3', 0))
  await recovering
  expect(of(history, 'recovery')).toMatchObject([{recovered: true}])
  history.record({kind: 'watching', who: 'postgres', samples: 9, failures: 1, worstMicros: 50_000})
  history.record({kind: 'phase', name: 'final-reads'})
  history.record({kind: 'run-ended', how: 'complete'})
  const [finding] = judge(historyOf(history.events), [within]).findings
  expect(finding).toMatchObject({verdict: 'pass', says: expect.stringMatching(/^Whole \d+ ms after the healing began/)})
})

test('once the record shows it the lab is asked at once, and not when it would have been asked again', async () => {
  const {history, see} = healing()
  const everyMs: (number | undefined)[] = []
  const patient: typeof untilHealthy = async (_, wait) => {
    everyMs.push(wait.everyMs)
    // What asks once a second has just asked in vain.
    if (everyMs.length === 1) await new Promise((_, reject) => wait.signal.addEventListener('abort', reject))
    return healthy()
  }
  const recovering = recover({lab, history, signal: new AbortController().signal}, patient)
  await sleep(200)
  expect(everyMs).toEqual([1000])
  see(sample('node3', 0))
  await recovering
  expect(everyMs).toEqual([1000, 250])
  expect(of(history, 'recovery')).toMatchObject([{recovered: true}])
})

test('who was never seen whole is told with where the logs of that run are', () => {
  const {history} = healing()
  history.record({kind: 'watching', who: 'postgres', samples: 9, failures: 1, worstMicros: 50_000})
  const [finding] = judge(historyOf(history.events), [within]).findings
  expect(finding).toMatchObject({
    verdict: 'unknown',
    says: expect.stringContaining('node3 does not answer'),
    hint: expect.stringContaining("the hosts' logs"),
  })
})

test('an interrupt ends the waiting', async () => {
  const {history} = healing()
  const interrupt = new AbortController()
  const recovering = recover({lab, history, signal: interrupt.signal}, healthy)
  interrupt.abort()
  await expect(recovering).rejects.toMatchObject({code: 'interrupted'})
})

test('a lab that does not come back is recorded with what it lacks: that is for the report to say, and no error', async () => {
  const {history} = healing()
  const ill = async () => {
    throw new LabError(
      'timeout',
      'waited 60 s for lab x to be healthy; last seen: node3 is running, not streaming from node1',
    )
  }
  await recover({lab, history, signal: new AbortController().signal}, ill)
  history.record({kind: 'run-ended', how: 'complete'})
  expect(judge(historyOf(history.events), [within])).toMatchObject({
    recovered: false,
    notRecovered: expect.stringContaining('node3 is running, not streaming from node1'),
  })
})
