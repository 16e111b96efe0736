import {execFileSync} from 'node:child_process'
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {run} from '../../../cli/program.ts'
import {allocate} from '../../../lab/state/allocate.ts'
import {makeFolder, savedLabs} from '../../../lab/state/folders.ts'
import {inForce} from '../../../lab/state/journal.ts'
import {worksOn} from '../../../lab/state/lock.ts'
import {owner, savedOwner} from '../../../lab/state/owner.ts'
import {loadLab, loadLabs, saveLab} from '../../../lab/state/state.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {quickRun, topologyOf} from '../checks/history-builder.ts'
import {fakeEngine} from '../fake-engine.ts'

const topology = topologyOf(quickRun)
const images = {host: 'host', app: 'app'}
let root: string
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'state-'))
  vi.stubEnv('XDG_STATE_HOME', root)
  saveLab({schema: 2, topology, allocation: await allocate('whole', topology, images, [])}, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(root, {recursive: true})
  process.exitCode = undefined
})

const fileOf = (lab: string) => join(root, 'pgha-lab', 'labs', lab, 'lab.json')
function broken(lab: string, change: (text: string) => string): void {
  mkdirSync(join(root, 'pgha-lab', 'labs', lab), {recursive: true})
  writeFileSync(fileOf(lab), change(readFileSync(fileOf('whole'), 'utf8').replace('"lab": "whole"', `"lab": "${lab}"`)))
}

test.each([
  ['cut short', (text: string) => text.slice(0, 300), /lab\.json:\d+:\d+: this is no lab: it is not JSON$/],
  [
    'of another version',
    (text: string) => text.replace('"schema": 2', '"schema": 9'),
    /lab\.json:2:13: another version/,
  ],
  ['with an unknown key', (text: string) => text.replace('"ttlSeconds"', '"ttlSecond"'), /lab\.json:\d+:\d+: /],
  [
    'with a port that is none',
    (text: string) => text.replace(/"primary": \d+/, '"primary": 99999999'),
    /lab\.json:\d+:\d+: /,
  ],
  [
    'with a key twice',
    (text: string) => text.replace('"schema": 2', '"schema": 2, "schema": 2'),
    /`schema` stands here twice$/,
  ],
  [
    'with a host that no schema sees',
    (text: string) => text.replace('"addresses": {', '"addresses": {"__proto__": "10.0.0.1",'),
    /lab\.json:\d+:\d+: unknown key `__proto__`$/,
  ],
  ['of another lab', (text: string) => text.replace('"lab": "bad"', '"lab": "else"'), /is of another lab$/],
])('a lab.json %s spoils that lab only, and is told with its place and the next step', (_, change, says) => {
  broken('bad', change)
  expect(savedLabs()).toEqual(['bad', 'whole'])
  expect(loadLab('whole')?.allocation.lab).toBe('whole')
  const {readable, broken: bad} = loadLabs()
  expect(readable.map(one => one.allocation.lab)).toEqual(['whole'])
  expect(bad.map(one => [one.lab, one.error.code, one.error.hint])).toEqual([
    ['bad', 'no-lab', 'pgha-lab down --name bad'],
  ])
  expect(bad[0]?.error.message).toMatch(says)
  expect(() => loadLab('bad')).toThrow(LabError)
})

test.each([
  ['a folder', () => mkdirSync(fileOf('bad')), /it is a folder$/],
  ['a FIFO', () => execFileSync('mkfifo', [fileOf('bad')]), /it is a device or a pipe$/],
  ['a link', () => symlinkSync('/dev/zero', fileOf('bad')), /it is a link$/],
  [
    'longer than any',
    () => {
      writeFileSync(fileOf('bad'), '')
      truncateSync(fileOf('bad'), 2 ** 30)
    },
    /it is longer than 16 MB$/,
  ],
])('%s in the place of a lab.json spoils that lab only, and is told with its path', (_, lay, says) => {
  mkdirSync(join(root, 'pgha-lab', 'labs', 'bad'))
  lay()
  const {readable, broken: bad} = loadLabs()
  expect(readable.map(one => one.allocation.lab)).toEqual(['whole'])
  expect(bad.map(one => [one.lab, one.error.code, one.error.hint])).toEqual([
    ['bad', 'no-lab', 'pgha-lab down --name bad'],
  ])
  expect(bad[0]?.error.message).toContain(fileOf('bad'))
  expect(bad[0]?.error.message).toMatch(says)
})

test('a FIFO in the place of any other file of the state directory is waited for by nobody', () => {
  const inState = (...path: string[]) => join(root, 'pgha-lab', ...path)
  for (const path of [['owner'], ['labs', 'whole', 'owner'], ['labs', 'whole', 'journal.ndjson']])
    execFileSync('mkfifo', [inState(...path)])
  expect(owner).toThrow(`${inState('owner')} holds no owner id`)
  expect(savedOwner('whole')).toBeNull()
  expect(() => inForce('whole')).toThrow(/journal\.ndjson is not read: it is a device or a pipe$/)
})

test('a FIFO where the holder of a lock signs tells nothing', () => {
  mkdirSync(join(root, 'pgha-lab', 'locks'))
  execFileSync('mkfifo', [join(root, 'pgha-lab', 'locks', 'whole.holder')])
  expect(worksOn('whole')).toBeNull()
})

test('no complaint shows a password', () => {
  broken('bad', text => text.replace('"superuser": "', '"superuser": 5, "more": "'))
  const password = /"superuser": "([^"]+)"/.exec(readFileSync(fileOf('whole'), 'utf8'))?.[1]
  expect(loadLabs().broken[0]?.error.message).not.toContain(password)
})

test('another lab is given what it needs beside one that cannot be read', async () => {
  broken('bad', () => '{')
  expect((await allocate('new', topology, images, [])).lab).toBe('new')
})

test('status --all tells a lab that cannot be read, also where no engine answers for the others', async () => {
  vi.stubEnv('DOCKER_HOST', `unix://${join(root, 'no-engine.sock')}`)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  rmSync(fileOf('whole'))
  mkdirSync(join(root, 'pgha-lab', 'labs', 'bad'))
  writeFileSync(fileOf('bad'), '{')
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  await run(['node', 'pgha-lab', 'status', '--all'])
  expect(out).toMatch(/^lab bad cannot be read: .*lab\.json:1:2: .*\n {2}next: pgha-lab down --name bad\n$/)
})

test('status --all tells a lab whose engine does not answer, and what the engine of another one says', async () => {
  await using engine = await fakeEngine([])
  vi.stubEnv('DOCKER_HOST', `unix://${engine.socketPath}`)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const whole = JSON.parse(readFileSync(fileOf('whole'), 'utf8'))
  writeFileSync(fileOf('whole'), JSON.stringify({...whole, engine: `unix://${join(root, 'no-engine.sock')}`}))
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  await run(['node', 'pgha-lab', 'status', '--all', '--json'])
  expect(JSON.parse(out)).toEqual([
    {lab: 'whole', unreadable: 'lab whole cannot be asked: no Docker engine answers', next: expect.any(String)},
  ])
  expect([process.exitCode, engine.asked.length > 0]).toEqual([3, true])
  process.exitCode = undefined
})

test('a folder or a pipe in the place of a lab.json spoils that lab only, and is named', () => {
  broken('folder', () => '')
  const place = fileOf('folder')
  rmSync(place)
  mkdirSync(place)
  broken('pipe', () => '')
  rmSync(fileOf('pipe'))
  execFileSync('mkfifo', [fileOf('pipe')])
  const {broken: bad} = loadLabs()
  expect(bad.map(({lab}) => lab).toSorted()).toEqual(['folder', 'pipe'])
  for (const {lab, error} of bad) expect(error.message).toContain(fileOf(lab))
})

test('a folder is made with those that lead to it, for this user alone; one that is there stays', () => {
  const folder = join(root, 'a', 'b')
  makeFolder(folder)
  makeFolder(folder)
  expect([statSync(folder).mode & 0o777, statSync(join(root, 'a')).mode & 0o777]).toEqual([0o700, 0o700])
  writeFileSync(join(root, 'file'), '')
  expect(() => makeFolder(join(root, 'file'))).toThrow(/EEXIST/)
  expect(() => makeFolder(join(root, 'file', 'x'))).toThrow(/EEXIST|ENOTDIR/)
})

test.runIf(process.platform === 'linux')('a file system that makes no folders is told at once', () => {
  vi.stubEnv('XDG_STATE_HOME', '/proc')
  expect(() => owner()).toThrow(/^no folder can be made there \(ENOENT\): cannot make the folder \/proc\/pgha-lab$/)
})

test('no folder is made in another way, which could go on for ever', () => {
  // A build makes its own below the checkout that it is in.
  const all = globSync(['lab/**/*.ts', 'cli/**/*.{ts,tsx}'], {cwd: join(import.meta.dirname, '../../..')})
  const sources = all.filter(file => !file.startsWith('cli/build/'))
  const others = sources.filter(file =>
    /mkdirSync\(/.test(readFileSync(join(import.meta.dirname, '../../..', file), 'utf8')),
  )
  expect(others).toEqual(['lab/state/folders.ts'])
})
