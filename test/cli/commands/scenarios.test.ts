import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import {type Scenario, suites} from '../../../lab/scenario/index.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {saveLab} from '../../../lab/state/state.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {fakeEngine} from '../../lab/fake-engine.ts'

let root: string
const said = {out: '', err: ''}
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'scenarios-'))
  vi.stubEnv('XDG_STATE_HOME', root)
  vi.stubEnv('DOCKER_HOST', `unix://${join(root, 'no-engine.sock')}`)
  said.out = said.err = ''
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation(text => {
      said[name === 'stdout' ? 'out' : 'err'] += String(text)
      return true
    })
  const topology = loadTopology({profile: 'fast', set: ['patroni.watchdog=required']})
  saveLab({schema: 2, topology, allocation: await allocate('guarded', topology, {host: 'h', app: 'a'}, [])}, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(root, {recursive: true})
  process.exitCode = undefined
})

const scenarios = (...words: string[]) => run(['node', 'pgha-lab', 'scenarios', ...words])

test('without a lab the question is about the one that `up` would raise, with the settings that were asked for', async () => {
  await scenarios('--suite', 'watchdog')
  expect(said.out).toMatch(/^ {2}watchdog-resets +~48 s {2}no /m)
  said.out = ''
  await scenarios('--suite', 'watchdog', '--set', 'patroni.watchdog=required', '--profile', 'fast')
  expect(said.out).toMatch(/^ {2}watchdog-resets +~38 s {2}yes /m)
  expect(said.out).toContain('pgha-lab up --profile fast --set patroni.watchdog=required  # raises the lab\n')
})

test('no engine is asked unless a lab is named, and what only it could tell is left open', async () => {
  await using engine = await fakeEngine()
  vi.stubEnv('DOCKER_HOST', `unix://${engine.socketPath}`)
  await scenarios('--suite', 'network')
  expect(engine.asked).toEqual([])
  expect(said.out).toMatch(/^ {2}leader-isolated +~\d+ s {2}\? /m)
  expect(said.out).toMatch(
    /^\? means that nobody can tell: an engine is asked about a lab that is named \(--name\)\.$/m,
  )
})

test('of a lab that is there the answer is about that lab, and about no other', async () => {
  await scenarios('--name', 'guarded')
  expect(said.out).toMatch(/^What can be played on the lab guarded \(profile fast\):$/m)
  expect(said.out).toMatch(/^ {2}watchdog-resets +~38 s {2}yes /m)
  expect(said.out).toMatch(/^ {2}orphaned-primary +~\d+ s {2}no /m)
  expect(said.out).toMatch(/pgha-lab chaos [a-z-]+ --name guarded/)
})

test('a lab that is asked for by name and is not there is told, with the command that raises it', async () => {
  await scenarios('--name', 'missing')
  expect([said.out, process.exitCode]).toEqual(['', 3])
  expect(said.err).toMatch(/there is no lab called missing; there (is|are) .*\n.*pgha-lab up --name missing/)
})

test('as JSON every scenario is what it was, and what is known about it here beside that', async () => {
  await scenarios('list', '--json')
  const printed = JSON.parse(said.out) as (Scenario & {takes: object; here: object})[]
  const all = [...suites().values()].flat()
  expect(printed.map(({takes, here, ...scenario}) => scenario)).toEqual(JSON.parse(JSON.stringify(all)))
  expect(printed.find(one => one.name === 'watchdog-resets')).toMatchObject({
    takes: {seconds: expect.any(Number), basis: 'predicted'},
    here: {can: false, next: expect.stringMatching(/^pgha-lab up .* --name watchdog-resets$/m)},
  })
})

test('what no terminal shows has no colours and no cut at 80 columns', async () => {
  await scenarios('--suite', 'failover')
  expect(said.out).not.toContain('\u001b')
  expect(said.out).toContain('(SIGSTOP) and wakes up after another one has been promoted.\n')
})
