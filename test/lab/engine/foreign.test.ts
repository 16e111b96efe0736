/** Something else that answers where an engine is expected: a proxy, another product, an engine that is broken. */
import {once} from 'node:events'
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Dockerode from 'dockerode'
import {describe, expect, test} from 'vitest'
import {type Belonging, Docker} from '../../../lab/engine/docker.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {fakeEngine, foreign} from '../fake-engine.ts'

const network: Belonging = {
  ...{kind: 'network', id: 'x', lab: 'lab', owner: null, home: null},
  ...{state: null, createdMs: 0},
}

async function drained(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item
}

const calls = {
  version: docker => docker.version(),
  clockMs: docker => docker.clockMs(),
  containers: docker => docker.containers(),
  observer: docker => docker.observer('lab'),
  kill: docker => docker.kill('x'),
  start: docker => docker.start('x'),
  stop: docker => docker.stop('x', 0),
  pause: docker => docker.pause('x'),
  unpause: docker => docker.unpause('x'),
  disconnect: docker => docker.disconnect('x', 'lab'),
  connect: docker => docker.connect('x', 'lab', undefined),
  unplug: docker => docker.unplug('x', 'none'),
  throwaway: docker => docker.throwaway('x'),
  removeThrowaways: docker => docker.removeThrowaways(),
  startProgram: docker =>
    docker.startProgram('lab', {
      ...{name: 'p', image: 'x', command: [], environment: {}, address: '10.0.0.9'},
      secrets: [{path: '/p', text: 'p', mode: 0o400}],
    }),
  programs: docker => docker.programs('lab'),
  removeProgram: docker => docker.removeProgram('lab', 'x'),
  untilEnded: docker => docker.untilEnded('x'),
  limitCpus: docker => docker.limitCpus('x', 1),
  condition: docker => docker.condition('x', 'lab'),
  isRunning: docker => docker.isRunning('x'),
  run: docker => docker.run('x', ['true']),
  logs: docker => docker.logs('x'),
  'logs that are followed': async docker => drained(await docker.logs('x', {follow: true})),
  events: docker => drained(docker.events('lab', new AbortController().signal)),
  belongings: docker => docker.belongings('lab'),
  remove: docker => docker.remove([network], true),
  claim: docker => docker.claim('lab', {id: 'me', home: null}),
  leftovers: docker => docker.leftovers('lab'),
  subnets: docker => docker.subnets(),
  image: docker => docker.image('x'),
  taggedImages: docker => docker.taggedImages('x'),
  tagImage: docker => docker.tagImage('x', 'x:y'),
  removeImage: docker => docker.removeImage('x'),
} as const satisfies Record<string, (docker: Docker) => Promise<unknown>>

const leaked =
  /TypeError|undefined|Cannot read|is not a function|is not iterable|JSON at position|Unexpected (end|token)/
/** No answer of an engine to anything that it is asked here. */
const never = new Set(['null', 'a list of nulls', 'a number', 'a page', 'a page with an error', 'half of an answer'])

describe.concurrent.each(Object.entries(foreign))('what answers %s', (shape, says) => {
  test.each(Object.entries(calls))('%s takes it for what it is, or for an answer', async (_name, call) => {
    await using engine = await fakeEngine()
    engine.behave(asked => (asked.endsWith('_ping') ? 'answers' : says))
    const docker = new Docker(new Dockerode({socketPath: engine.socketPath}))
    const error = await call(docker).then(
      () => null,
      (thrown: unknown) => thrown as Error,
    )
    if (error === null) return expect(never).not.toContain(shape)
    expect(error).toBeInstanceOf(LabError)
    expect(error.message).not.toMatch(leaked)
    if ((error as LabError).code === 'no-target') return // an engine may have no such thing
    expect(error).toMatchObject({code: 'engine', exitCode: 3})
    expect(error.message).toContain(`what answers at unix://${engine.socketPath} is no Docker engine`)
    expect(error.message).toMatch(/: to (?:GET|POST|DELETE|PUT|HEAD) \/\S+ it (?:said|answered)/)
    expect((error as LabError).hint).toMatch(/^curl --unix-socket \S+ http:\/\/localhost\/version$/m)
  })
})

const right = {Id: 'x', Names: ['/x'], Labels: {}, State: 'running', Image: 'x', ImageID: 'y', Created: 1}

test.each([
  [
    'a container whose labels are a list',
    'GET /containers/json',
    [{...right, Labels: ['x']}],
    (docker: Docker) => docker.containers(),
  ],
  [
    'a container whose state is a number',
    'GET /containers/json',
    [{...right, State: 7}],
    (docker: Docker) => docker.containers(),
  ],
  [
    'an inspected container without its networks',
    'GET /containers/x/json',
    {State: {Running: true, Paused: false, ExitCode: 0}, HostConfig: {}},
    (docker: Docker) => docker.condition('x', 'lab'),
  ],
  ['a clock that is none', 'GET /info', {SystemTime: 'soon'}, (docker: Docker) => docker.clockMs()],
  ['an exec without its id', 'POST /containers/x/exec', {}, (docker: Docker) => docker.exec('x', ['true'])],
] as const)('%s is no answer of an engine, and the place in it is told', async (_says, asked, body, call) => {
  await using engine = await fakeEngine()
  engine.behave(one => (one === asked ? {body: JSON.stringify(body), type: 'application/json'} : 'answers'))
  await expect(call(new Docker(new Dockerode({socketPath: engine.socketPath})))).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringMatching(new RegExp(`to ${asked} it said .*\\((?:0\\.)?\\w+: .*\\)$`)),
  })
})

test('what speaks no HTTP is no engine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-foreign-'))
  const socketPath = join(folder, 'socket')
  const server = createServer(socket => socket.on('error', () => {}).end('220 mail.example.org ESMTP\r\n'))
  await once(server.listen(socketPath), 'listening')
  try {
    await expect(new Docker(new Dockerode({socketPath})).containers()).rejects.toMatchObject({
      code: 'engine',
      message: `what answers at unix://${socketPath} is no Docker engine: to GET /containers/json it answered what is no HTTP`,
    })
  } finally {
    server.close()
    rmSync(folder, {recursive: true})
  }
})

test('an event that is no JSON ends the stream with what was said', async () => {
  await using engine = await fakeEngine()
  engine.behave(() => ({body: '{"Action":"die"\n', type: 'application/json'}))
  const docker = new Docker(new Dockerode({socketPath: engine.socketPath}))
  await expect(drained(docker.events('lab', new AbortController().signal))).rejects.toMatchObject({
    code: 'engine',
    message: expect.stringContaining('to GET /events it said {"Action":"die"'),
  })
})
