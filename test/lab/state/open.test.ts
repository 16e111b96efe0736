import {globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {openLab} from '../../../lab/state/open.ts'
import {anew, composeText, raiseAgain, saveLab} from '../../../lab/state/state.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {sayHint, sayLines} from '../../../lab/words/next-step.ts'
import {fileWith} from '../file-with.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'open-'))
  vi.stubEnv('XDG_STATE_HOME', state)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})

function keep(lab: string): void {
  mkdirSync(join(state, 'pgha-lab', 'labs', lab), {recursive: true})
  writeFileSync(join(state, 'pgha-lab', 'labs', lab, 'lab.json'), '{}')
}

test('a lab that is not there is told with those that are', () => {
  expect(() => openLab(new Docker(), 'lab')).toThrow(/^there is no lab called lab$/)
  keep('s15a')
  expect(() => openLab(new Docker(), 'lab')).toThrow(/^there is no lab called lab; there is s15a, which --name names$/)
  keep('s15b')
  expect(() => openLab(new Docker(), 'lab')).toThrow(
    /^there is no lab called lab; there are s15a and s15b, which --name names$/,
  )
})

async function raised(lab: string, wanted: Parameters<typeof loadTopology>[0], topologyFile?: string): Promise<void> {
  const topology = loadTopology(wanted)
  const allocation = await allocate(lab, topology, {host: 'h', app: 'a'}, [])
  saveLab({schema: 2, topology, allocation, ...(topologyFile === undefined ? {} : {topologyFile})}, '')
}

test('a lab that has to be raised anew gets back what it was raised with', async () => {
  await raised('plain', {})
  expect(sayLines(anew('plain'))).toEqual(['pgha-lab down --name plain', 'pgha-lab up --name plain'])
  await raised('mine', {profile: 'fast', set: ['patroni.ttl=40s']})
  expect(sayLines(anew('mine'))).toEqual([
    'pgha-lab down --name mine',
    'pgha-lab up --profile fast --set patroni.ttl=40s --name mine',
  ])
  using file = fileWith('profile: fast\nhosts: {a1: [etcd, patroni], p1: [haproxy], app1: [client]}\n')
  await raised('own', {topology: file.path, set: ['patroni.ttl=40s']}, file.path)
  const up = `pgha-lab up --topology ${file.path} --set patroni.ttl=40s`
  expect(sayLines(anew('own'))[1]).toBe(`${up} --name own`)
  expect(sayHint(raiseAgain('own', 'own-2', '--set', 'postgresql.data_size=512MB'))).toBe(
    `${up} --set postgresql.data_size=512MB --name own-2`,
  )
  // Each command that finds it broken says so.
  rmSync(join(state, 'pgha-lab', 'labs', 'own', 'compose.yaml'))
  expect(() => composeText('own')).toThrow(expect.objectContaining({hint: sayHint(anew('own'))}))
})

test('what is known of a lab need not be readable', () => {
  keep('broken')
  expect(sayLines(anew('broken'))).toEqual(['pgha-lab down --name broken', 'pgha-lab up --name broken'])
  expect(sayLines(anew('nowhere'))).toEqual(['pgha-lab down --name nowhere', 'pgha-lab up --name nowhere'])
})

test('no command forgets with what a lab was raised', () => {
  const root = join(import.meta.dirname, '..', '..', '..')
  const found = globSync('{lab,cli}/**/*.{ts,tsx}', {cwd: root}).filter(file =>
    /onLab\(([^,()]+), 'down'\)\}[^`]*\$\{onLab\(\1, 'up'\)/.test(readFileSync(join(root, file), 'utf8')),
  )
  // There nobody knows, or it was typed just now.
  expect(found).toEqual(['lab/run/raise.ts'])
})
