/** The life of programs, with an engine that says what each test wants. */
import {createInterface} from 'node:readline'
import {PassThrough} from 'node:stream'
import {describe, expect, it} from 'vitest'
import {pgbenchGroup} from '../../../lab/clients/pgbench.ts'
import {startPrograms} from '../../../lab/clients/programs.ts'
import type {ExecOptions} from '../../../lab/engine/docker/exec.ts'
import type {ContainerState, Running} from '../../../lab/engine/docker.ts'
import {Lab} from '../../../lab/engine/lab.ts'
import type {ProgramGroup} from '../../../lab/history/client-group.ts'
import type {Event, Happening} from '../../../lab/history/event.ts'
import type {ProbeSite} from '../../../lab/probes/probe.ts'
import {FakeEngine} from '../fake/engine.ts'
import {allocationOf, fakeTopology} from '../fake/lab.ts'

/** An engine with one program; `end` makes it end with these last words. */
function engine(images: readonly string[] = ['mine:1']) {
  const recorded: Happening[] = []
  const started: unknown[] = []
  const lines = new PassThrough()
  const stdin = new PassThrough()
  let ended: (code: number) => void = () => {}
  const exit = new Promise<number>(resolve => (ended = resolve))
  let words = ''
  stdin.on('finish', () => lines.end('exit code 143\n'))
  const docker = new (class extends FakeEngine {
    override readonly present = new Set(images)
    override async container(lab: string, host: string): Promise<ContainerState> {
      return {...{id: host, name: host, host, lab, state: 'running'}, image: 'a'}
    }
    override async startProgram(_: string, program: {readonly name: string}) {
      started.push(program)
      return {id: 'c1', program: 'mine', state: 'running'}
    }
    override untilEnded = () => exit
    override async logs() {
      const log = new PassThrough()
      log.end(words)
      return log
    }
    override async stop() {
      ended(137)
    }
    override async exec(_: string, argv: readonly string[], {env}: ExecOptions = {}): Promise<Running> {
      started.push({argv, env})
      return {
        ...{stdin, stdout: lines, lines: createInterface({input: lines})},
        ...{stderr: () => '', done: exit, lost: undefined},
        [Symbol.asyncDispose]: async () => {},
      }
    }
  })()
  const allocation = allocationOf(fakeTopology, {})
  const lab = new Lab(docker, fakeTopology, {...allocation, passwords: {...allocation.passwords, app: 'p@ss'}})
  const {signal} = new AbortController()
  const site: ProbeSite = {lab, record: happening => void recorded.push(happening), now: () => 0, signal}
  const end = async (code: number, said: string) => {
    words = said
    ended(code)
    lines.end(`${said}\nexit code ${code}\n`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return {site, recorded, started, end}
}

const mine: ProgramGroup = {
  ...{kind: 'program', name: 'mine', image: 'mine:1', command: ['run'], environment: {PGAPPNAME: 'other', MORE: 'x'}},
  ...{perSecond: 50, through: 'primary'},
}
const place = {host: '10.213.7.15', port: 6500}
const answered = (client: string, outcome: 'ok' | 'fail') =>
  ({at: 1, kind: 'transaction', client, op: 'write', sentAt: 0, outcome}) as Event

describe('a program in a container', () => {
  it('finds the database in its environment, and what its group says goes first', async () => {
    const {site, started} = engine()
    await startPrograms(site, [{group: mine, ...place}])
    expect(started).toEqual([
      {
        ...{name: 'mine', image: 'mine:1', command: ['run'], address: '10.213.7.254'},
        environment: {
          ...{PGHOST: '10.213.7.15', PGPORT: '6500', PGUSER: 'app', PGDATABASE: 'app'},
          ...{PGPASSFILE: '/pgha-lab/pgpass', PGPASSWORD_FILE: '/pgha-lab/password'},
          ...{PGSSLMODE: 'disable', PGAPPNAME: 'other', MORE: 'x'},
          DATABASE_URL: 'postgresql://app@10.213.7.15:6500/app?sslmode=disable',
        },
        secrets: [
          {path: '/pgha-lab/pgpass', text: '10.213.7.15:6500:*:app:p@ss\n', mode: 0o600},
          {path: '/pgha-lab/password', text: 'p@ss', mode: 0o444},
        ],
      },
    ])
  })

  it('whose image is not here is not started, and the next step is said', async () => {
    const {site, started} = engine([])
    await expect(startPrograms(site, [{group: mine, ...place}])).rejects.toMatchObject({
      code: 'image',
      hint: 'docker pull mine:1',
    })
    expect(started).toEqual([])
  })

  it('that ends by itself is told with its exit code and last words, once', async () => {
    const {site, recorded, end} = engine()
    const programs = await startPrograms(site, [{group: mine, ...place}])
    await end(3, 'starting\nno such table')
    await programs.stop()
    const says = 'the program mine ended by itself with exit code 3; it said: starting / no such table'
    expect(recorded).toEqual([{kind: 'note', says}])
    expect(programs.failure).toBeUndefined()
  })

  it('that was ended with the run is not told', async () => {
    const {site, recorded} = engine()
    const programs = await startPrograms(site, [{group: mine, ...place}])
    await programs.stop()
    expect(recorded).toEqual([])
  })
})

describe('a program that nobody hears', () => {
  it('is waited for while it runs, until a transaction of its own is answered', async () => {
    const {site} = engine()
    const programs = await startPrograms(site, [{group: mine, ...place}])
    const waits = 'the program mine has had no transaction answered yet'
    expect(programs.unheard([])).toBe(waits)
    expect(programs.unheard([answered('other-w1', 'ok'), answered('mine-w1', 'fail')])).toBe(waits)
    expect(programs.unheard([answered('mine-w1', 'ok')])).toBeNull()
  })

  it('is an error once it has ended', async () => {
    const {site, end} = engine()
    const programs = await startPrograms(site, [{group: mine, ...place}])
    await end(1, 'cannot connect')
    expect(() => programs.unheard([])).toThrow(/exit code 1; it said: cannot connect, and no transaction of it/)
    expect(programs.unheard([answered('mine-w1', 'ok')])).toBeNull()
  })
})

describe('a program on app1', () => {
  it('has its words told when it ends by itself', async () => {
    const {site, recorded, end, started} = engine()
    await startPrograms(site, [{group: pgbenchGroup(4, 50, 'primary'), ...place}])
    expect(JSON.stringify(started)).toMatch(/-c 4 -R 50/)
    await end(1, 'pgbench: fatal')
    const says = 'the program pgbench ended by itself with exit code 1; it said: pgbench: fatal'
    expect(recorded).toEqual([{kind: 'note', says}])
  })

  it('ends with its stdin', async () => {
    const {site, recorded} = engine()
    const programs = await startPrograms(site, [{group: pgbenchGroup(4, 50, 'replicas'), ...place}])
    await programs.stop()
    expect(recorded).toEqual([])
    expect(programs.failure).toBeUndefined()
  })
})
