/** An engine that never answers, stops in the middle of an answer, or falls silent later: whatever asks it ends. */
import Dockerode from 'dockerode'
import {describe, expect, test, vi} from 'vitest'
import {type Belonging, Docker} from '../../../lab/engine/docker.ts'
import {engineLimits} from '../../../lab/engine/engine-limits.ts'
import {type FakeEngine, fakeEngine} from '../fake-engine.ts'

function dockerOf(engine: FakeEngine, timeout = '200ms'): Docker {
  return new Docker(new Dockerode({socketPath: engine.socketPath}), engineLimits({PGHA_LAB_ENGINE_TIMEOUT: timeout}))
}

const engineOfOneHost = () => fakeEngine([{lab: 'lab', host: 'node1'}])

const network: Belonging = {
  ...{kind: 'network', id: 'x', lab: 'lab', owner: null, home: null},
  ...{state: null, createdMs: 0},
}

const timeout = (doing: string, after = '0.2 s') => ({
  code: 'timeout',
  message: `the Docker engine did not answer within ${after} (${doing})`,
  hint: expect.stringContaining('PGHA_LAB_ENGINE_TIMEOUT'),
})

// All they do is wait, so they wait together.
describe.concurrent.each(['silent', 'half-open'] as const)('an engine that is %s', how => {
  test('every call ends with what was done and how long it was waited for', async () => {
    await using engine = await engineOfOneHost()
    engine.behave(how)
    await expect(dockerOf(engine).version()).rejects.toMatchObject(timeout('asking for its version'))
  })

  test.each([
    ['clockMs', (docker: Docker) => docker.clockMs()],
    ['containers', (docker: Docker) => docker.containers()],
    ['kill', (docker: Docker) => docker.kill('x')],
    ['start', (docker: Docker) => docker.start('x')],
    ['stop', (docker: Docker) => docker.stop('x', 0)],
    ['pause', (docker: Docker) => docker.pause('x')],
    ['unpause', (docker: Docker) => docker.unpause('x')],
    ['disconnect', (docker: Docker) => docker.disconnect('x', 'lab')],
    ['connect', (docker: Docker) => docker.connect('x', 'lab', undefined)],
    ['unplug', (docker: Docker) => docker.unplug('x', 'none')],
    ['throwaway', (docker: Docker) => docker.throwaway('x')],
    ['programs', (docker: Docker) => docker.programs('lab')],
    ['removeProgram', (docker: Docker) => docker.removeProgram('lab', 'x')],
    ['untilEnded', (docker: Docker) => docker.untilEnded('x')],
    ['limitCpus', (docker: Docker) => docker.limitCpus('x', 1)],
    ['condition', (docker: Docker) => docker.condition('x', 'lab')],
    ['isRunning', (docker: Docker) => docker.isRunning('x')],
    ['exec', (docker: Docker) => docker.exec('x', ['true'])],
    ['run', (docker: Docker) => docker.run('x', ['true'])],
    ['logs', (docker: Docker) => docker.logs('x')],
    ['belongings', (docker: Docker) => docker.belongings('lab')],
    ['remove', (docker: Docker) => docker.remove([network], true)],
    ['claim', (docker: Docker) => docker.claim('lab', {id: 'me', home: null})],
    ['leftovers', (docker: Docker) => docker.leftovers('lab')],
    ['subnets', (docker: Docker) => docker.subnets()],
    ['hasImage', (docker: Docker) => docker.hasImage('x')],
  ] as const)('%s ends', async (_name, call) => {
    await using engine = await engineOfOneHost()
    engine.behave(how)
    await expect(call(dockerOf(engine))).rejects.toMatchObject({code: 'timeout'})
  })
})

test('events and a log that is followed end when the engine falls silent after it began them', async () => {
  await using engine = await engineOfOneHost()
  const docker = dockerOf(engine)
  const signal = new AbortController().signal
  const heard = (async () => {
    for await (const event of docker.events('lab', signal)) void event
  })()
  heard.catch(() => {})
  const log = await docker.logs('id-node1', {follow: true})
  await vi.waitUntil(() => engine.asked.includes('GET /events'))
  engine.behave('silent')
  await expect(heard).rejects.toMatchObject({code: 'timeout'})
  log.resume()
  await vi.waitUntil(() => log.readableEnded || log.destroyed)
})

test('a program in a container that must answer and does not is given up', async () => {
  await using engine = await engineOfOneHost()
  const docker = dockerOf(engine)
  await expect(docker.run('id-node1', ['whats-broken'])).rejects.toMatchObject(
    timeout('running whats-broken in a container', '1.2 s'),
  )
})

test('a program that runs on is ended when the engine falls silent, and says so', async () => {
  await using engine = await engineOfOneHost()
  const docker = dockerOf(engine)
  const running = await docker.exec('id-node1', ['sh'])
  engine.behave('silent')
  for await (const line of running.lines) void line
  expect(await running.done).toBeNull()
  expect(running.lost).toMatchObject({code: 'timeout'})
})

test('a quiet program on an engine that answers is left alone', async () => {
  await using engine = await engineOfOneHost()
  const docker = dockerOf(engine)
  const running = await docker.exec('id-node1', ['sh'])
  let ended = false
  void running.done.then(() => {
    ended = true
  })
  const pings = () => engine.asked.filter(one => one.endsWith('/_ping')).length
  // Long, for a machine that has much else to do.
  await vi.waitUntil(() => pings() >= 4, {timeout: 50_000})
  expect([ended, running.lost]).toEqual([false, undefined])
  await running[Symbol.asyncDispose]()
}, 60_000)

test('after an interrupt a silent engine is given up at once, with all that waits for it', async () => {
  await using engine = await engineOfOneHost()
  const slow = dockerOf(engine, '10s') // this test's own limit is 20 s, and stopping takes up to a minute more
  const interrupt = new AbortController()
  slow.heed(interrupt.signal)
  const running = await slow.exec('id-node1', ['sh'])
  engine.behave('silent')
  const stopping = slow.stop('id-node1', 60)
  stopping.catch(() => {})
  interrupt.abort()
  await expect(stopping).rejects.toMatchObject({code: 'timeout'})
  await expect(running.done).resolves.toBeNull()
})

test('after an interrupt what an engine that answers is doing is waited for: its effect would come after the mend', async () => {
  await using engine = await engineOfOneHost()
  const docker = dockerOf(engine)
  const interrupt = new AbortController()
  docker.heed(interrupt.signal)
  engine.behave(asked => (asked.endsWith('/stop') ? 'silent' : 'answers'))
  const stopping = docker.stop('id-node1', 1)
  stopping.catch(() => {})
  interrupt.abort()
  await expect(stopping).rejects.toMatchObject(timeout('stopping a container', '2.2 s'))
})

test('an engine that was silent and answers again is used again', async () => {
  await using engine = await engineOfOneHost()
  const docker = dockerOf(engine)
  engine.behave('silent')
  await expect(docker.version()).rejects.toMatchObject({code: 'timeout'})
  engine.behave('answers')
  await expect(docker.containers('lab')).resolves.toHaveLength(1)
})

test('an engine that resets the connection does not answer', async () => {
  await using engine = await engineOfOneHost()
  const docker = dockerOf(engine)
  engine.behave('resets')
  await expect(docker.containers()).rejects.toMatchObject({code: 'docker-missing'})
})

test.each(['0', '10', 'soon', '-1s', '1ms', '2h'])('PGHA_LAB_ENGINE_TIMEOUT=%s is refused', written => {
  expect(() => engineLimits({PGHA_LAB_ENGINE_TIMEOUT: written})).toThrow(/PGHA_LAB_ENGINE_TIMEOUT/)
})
