/** A pool before a proxy that leaves it with a dead server: it waits for that, but for a callback that tells it who leads now. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {expectExit} from '../cli.ts'

const lab = ['--name', 'live-pinned-pool']
const folder = mkdtempSync(join(tmpdir(), 'pinned-pool-'))
// A pool of sessions: each client keeps its server.
const settings = ['haproxy.on_marked_down=none', 'pgbouncer.pool_mode=session'].flatMap(one => ['--set', one])
const raise = ['up', ...lab, '--profile', 'fast', ...settings]
const scenario = join(folder, 'pinned.yaml')

// There the pooler is on the leader's host; here it is before the proxy.
beforeAll(() =>
  writeFileSync(scenario, readFileSync('scenarios/pinned-sessions.yaml', 'utf8').replace('  pgbouncer: {}\n', '')),
)

afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  rmSync(folder, {recursive: true})
})

test('nobody writes through the pool while the old leader is frozen, though another one leads', async () => {
  await expectExit(0, ['down', ...lab])
  await expectExit(0, [...raise, '--topology', 'pgbouncer-before'])
  const {out} = await expectExit(0, ['chaos', scenario, ...lab, '--json'])
  expect(JSON.parse(out)).toMatchObject({verdict: 'pass'})
})

test('a callback of the new leader that ends the sessions of the pool (KILL, RESUME) lets them write at once', async () => {
  await expectExit(0, ['down', ...lab])
  writeFileSync(join(folder, 'free.sh'), freeing)
  writeFileSync(join(folder, 'lab.yaml'), labYaml)
  await expectExit(0, [...raise, '--topology', join(folder, 'lab.yaml')])
  // What the scenario is about does not come to pass, and it says so.
  const report = JSON.parse((await expectExit(1, ['chaos', scenario, ...lab, '--json'])).out) as Report
  expect(report.findings.filter(one => one.verdict === 'fail').map(one => one.check)).toEqual(['unavailability'])
  expect(report.findings.find(one => one.check === 'unavailability')?.says).toMatch(
    /at least 50\.00 s was expected.*did not stop writes as it should/s,
  )
})

const labYaml = `\
hosts:
  node1: [etcd, patroni]
  node2: [etcd, patroni]
  node3: [etcd, patroni]
  proxy1: [haproxy, pgbouncer]
  app1: [client]
patroni:
  callbacks: {on_role_change: ./free.sh}
`

/** As who keeps the pool does it by hand; the password of its console is that of the superuser. */
const freeing = `#!/bin/sh
[ "$2" = primary ] || exit 0
PGPASSWORD=$(python3 - <<'END'
import yaml
print(yaml.safe_load(open('/run/pgha-lab/patroni/patroni.yml'))['postgresql']['authentication']['superuser']['password'])
END
)
export PGPASSWORD
for what in 'KILL app' 'RESUME app'; do
  psql --no-psqlrc 'host=proxy1 port=6432 user=postgres dbname=pgbouncer connect_timeout=2' -c "$what"
done >>/data/postgresql/freed.log 2>&1
`
