/** A Patroni of somebody's own: a copy of the release's, and the same with a bug planted; the matrix of both tells one from the other. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {run} from '../../../lab/setup/command.ts'
import {imageTags} from '../../../lab/setup/images.ts'
import type {Matrix} from '../../../lab/suite/matrix.ts'
import {expectExit} from '../cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'patroni-'))
const [before, after] = [join(folder, 'before'), join(folder, 'after')]
const name = 'live-patroni'
const lab = ['--name', name]

beforeAll(async () => {
  const source = '/usr/lib/python3/dist-packages/patroni'
  for (const one of [before, after]) {
    const copy = ['--volume', `${one}:/copy`, '--entrypoint', 'cp', imageTags().host, '-r', source, '/copy/patroni']
    expect((await run(['docker', 'run', '--rm', '--network', 'none', ...copy], {withinMs: 60_000})).code).toBe(0)
    const version = join(one, 'patroni/version.py')
    writeFileSync(version, readFileSync(version, 'utf8').replace(/'(\d[\d.]*)'/, "'$1+lab'"))
  }
  const etcd = join(after, 'patroni/dcs/etcd3.py')
  const right = readFileSync(etcd, 'utf8')
  // A leader that goes down in order and keeps its key: the others wait until that expires.
  const bug = right.replace(/( +)def _delete_leader\(.*\n/, '$&$1    return True\n')
  expect(bug).not.toBe(right)
  writeFileSync(etcd, bug)
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  rmSync(folder, {recursive: true})
})

test('the lab runs it, and the run says so: its version, what it is, and its faults', async () => {
  await expectExit(0, ['up', ...lab, '--patroni', before, '--profile', 'fast'])
  const {out} = await expectExit(0, ['chaos', 'switchover', ...lab, '--json'])
  const {versions} = JSON.parse(out) as Report
  expect(versions.patroni).toMatch(/^4\.\d+\.\d+\+lab$/)
  expect(versions['patroni build']).toMatch(/^[0-9a-f]{12}$/)
  await expectExit(0, ['down', ...lab])
})

test('a bug that is in one of two builds is found by the same scenario, and by the word that it breaks', async () => {
  const out = join(folder, 'matrix')
  const vary = ['--vary', `patroni=${before},${after}`]
  const played = await expectExit(1, [
    'matrix',
    'stop-leader',
    ...vary,
    ...lab,
    '--profile',
    'fast',
    '--out',
    out,
    '--json',
  ])
  const {cells} = JSON.parse(played.out) as Matrix
  expect(cells.map(({summary}) => summary?.runs.map(one => one.verdict))).toEqual([['pass'], ['fail']])
})

test('one that does not run on what the image has is refused with what it says, and nothing is started', async () => {
  writeFileSync(join(after, 'patroni/ha.py'), 'import nosuchmodule\n')
  const {err} = await expectExit(3, ['up', ...lab, '--patroni', after, '--profile', 'fast'])
  expect(err).toContain("No module named 'nosuchmodule'")
})
