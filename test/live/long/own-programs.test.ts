/** Programs of somebody's own: one that runs when the cluster was made, and one that Patroni calls when a member's role changes. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {expectExit} from '../cli.ts'

const lab = ['--name', 'live-programs-own']
const folder = mkdtempSync(join(tmpdir(), 'own-programs-'))
const file = join(folder, 'lab.yaml')

beforeAll(async () => {
  writeFileSync(join(folder, 'users.sh'), `#!/bin/sh\npsql --no-psqlrc -d "$1" -c 'CREATE ROLE theirs LOGIN'\n`)
  writeFileSync(join(folder, 'tell.sh'), '#!/bin/sh\necho "$*" >> /data/postgresql/told.log\n')
  writeFileSync(
    file,
    'profile: fast\npatroni:\n  post_bootstrap: ./users.sh\n  callbacks: {on_role_change: ./tell.sh}\nhaproxy: {balance: leastconn, tcpka: on}\netcd: {quota: 32MB}\n',
  )
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--topology', file])
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  rmSync(folder, {recursive: true})
})

const shell = async (host: string, ...argv: readonly string[]) => {
  const {out} = await expectExit(0, ['shell', ...lab, host, '--', ...argv])
  return out.trim()
}

test('what ran after the bootstrap is there on every server, beside the role of the lab', async () => {
  const ask = `SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname IN ('app', 'theirs')`
  for (const host of ['node1', 'node2', 'node3'])
    expect(await shell(host, 'psql', '-U', 'postgres', '-h', '/run/postgresql', '-Atc', ask)).toBe('app theirs')
})

test('the callback is called with its role where a switchover leads, and the run passes', async () => {
  const {out} = await expectExit(0, ['chaos', 'switchover', ...lab, '--json'])
  expect(JSON.parse(out)).toMatchObject({verdict: 'pass'})
  const {leader} = JSON.parse((await expectExit(0, ['status', ...lab, '--json'])).out) as {leader: string}
  expect(await shell(leader, 'cat', '/data/postgresql/told.log')).toMatch(/^on_role_change primary pgha$/m)
})

test('one that ends with an error keeps the cluster from being made, and `up` says why', async () => {
  const other = ['--name', 'live-programs-bad']
  writeFileSync(join(folder, 'users.sh'), '#!/bin/sh\nexit 3\n')
  const {err} = await expectExit(3, ['up', ...other, '--topology', file])
  await expectExit(0, ['down', ...other])
  expect(err).toMatch(/post_bootstrap/)
})
