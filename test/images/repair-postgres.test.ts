/** What break-start took from a data directory and what puts it back, run on this machine in a folder of its own. */
import {execFileSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

const bin = join(import.meta.dirname, '../../images/host/bin')
const onLinux = test.runIf(process.platform === 'linux')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-repair-'))
  write('postgresql/main/pgha-lab-unstartable', '')
  write('postgresql/main/global/pg_control', 'corrupt')
  write('postgresql/main/pg_wal/6', 'earlier')
  chmodSync(at('postgresql/main'), 0o700)
  write('pgha-lab-unstartable/changed/global/pg_control', 'whole')
  write('pgha-lab-unstartable/missing/pg_wal/7', 'wal')
})
afterEach(() => rmSync(folder, {recursive: true}))

const at = (file: string) => join(folder, file)
const read = (file: string) => readFileSync(at(`postgresql/main/${file}`), 'utf8')

function write(file: string, content: string): void {
  mkdirSync(join(at(file), '..'), {recursive: true})
  writeFileSync(at(file), content)
}

/** Its paths are a host's, and the switch that it ends last is on a host as well. */
function repair(): void {
  const script = readFileSync(join(bin, 'repair-postgres'), 'utf8')
  const here = script.replaceAll('=/data/', `=${folder}/`).replace(/^never-undo .*$/m, '')
  execFileSync('sh', ['-c', here])
}

onLinux('what was changed is as it was, what was missing is there, and nothing is left', () => {
  repair()
  expect([read('global/pg_control'), read('pg_wal/7')]).toEqual(['whole', 'wal'])
  expect([existsSync(at('pgha-lab-unstartable')), existsSync(at('postgresql/main/pgha-lab-unstartable'))]).toEqual([
    false,
    false,
  ])
  expect(statSync(at('postgresql/main')).mode & 0o777).toBe(0o700) // or PostgreSQL does not start there
  repair() // a second time there is nothing to do
  expect(read('global/pg_control')).toBe('whole')
})

onLinux('what PostgreSQL has been given again meanwhile it keeps', () => {
  write('postgresql/main/pg_wal/7', 'newer')
  repair()
  expect([read('global/pg_control'), read('pg_wal/7')]).toEqual(['whole', 'newer'])
})

onLinux('a data directory that was made anew is left alone', () => {
  rmSync(at('postgresql/main/pgha-lab-unstartable'))
  write('postgresql/main/global/pg_control', 'another')
  repair()
  expect([read('global/pg_control'), existsSync(at('postgresql/main/pg_wal/7'))]).toEqual(['another', false])
  expect(existsSync(at('pgha-lab-unstartable'))).toBe(false)
})
