/** A haproxy.cfg of somebody's own: clients come in through its entries, its times are in the verdict, and what is wrong with it shows. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {expectExit} from '../cli.ts'

const lab = ['--name', 'own-haproxy']
const folder = mkdtempSync(join(tmpdir(), 'own-haproxy-'))
const file = join(folder, 'lab.yaml')

const cfg = `\
global
    log /dev/log local0
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin
    user haproxy
    group haproxy
    daemon
defaults
    mode tcp
    log global
    retries 2
    option redispatch
    timeout connect 1s
    timeout client 30m
    timeout server 30m
    timeout check 1s
    default-server inter 2s fastinter 1s downinter 2s fall 2 rise 3 on-marked-down shutdown-sessions
listen stats
    mode http
    bind *:7000
    stats enable
frontend writers
    bind *:5432
    default_backend write_pool
backend write_pool
    option httpchk OPTIONS /primary
    http-check expect status 200
    server pg1 node1:5432 check port 8008
    server pg2 node2:5432 check port 8008
    server pg3 node3:5432 check port 8008
listen read_pool
    bind *:5433
    option httpchk OPTIONS /replica
    server pg1 node1:5432 check port 8008
    server pg2 node2:5432 check port 8008
    server pg3 node3:5432 check port 8008
`

const write = (text: string) => writeFileSync(join(folder, 'haproxy.cfg'), text)
beforeAll(async () => {
  writeFileSync(file, 'profile: fast\nhaproxy: {file: ./haproxy.cfg}\n')
  await expectExit(0, ['down', ...lab])
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  rmSync(folder, {recursive: true})
})

test('HAProxy has the last word before anything is raised, with the line', async () => {
  write(cfg.replace('    daemon\n', '    daemon\n    maxconx 10\n'))
  const {err} = await expectExit(2, ['up', ...lab, '--topology', file])
  expect(err).toMatch(/haproxy\.cfg:8: HAProxy says: unknown keyword 'maxconx'/)
  expect((await expectExit(3, ['status', ...lab])).err).toContain('there is no lab called own-haproxy')
})

test('clients write through its entry, and the phases of kill-leader are of its times', async () => {
  write(cfg)
  await expectExit(0, ['up', ...lab, '--topology', file])
  const psql = ['psql', ...lab, '--', '-Atc', 'SELECT pg_is_in_recovery()']
  expect((await expectExit(0, psql)).out.trim()).toBe('f')
  const config = await expectExit(0, ['shell', ...lab, 'proxy1', '--', 'cat', '/etc/haproxy/haproxy.cfg'])
  expect(config.out.trim()).toBe(cfg.trim())
  const {out} = await expectExit(0, ['chaos', 'kill-leader', ...lab, '--json'])
  const report = JSON.parse(out) as Report
  expect(report.verdict).toBe('pass')
  // Three good checks, the second and the third a fastinter apart.
  const failover = report.findings.find(one => one.expectation.startsWith('failover'))
  const up = failover?.phases?.find(one => one.phase === 'newServerUp')
  expect(up?.allowed?.[0]).toBe(2_000_000)
  expect(up?.took).toBeGreaterThan(1_500_000)
})

test('without on-marked-down `predict` says that sessions stay, and the lab is another one', async () => {
  write(cfg.replace(' on-marked-down shutdown-sessions', ''))
  expect((await expectExit(0, ['predict', '--topology', file])).out).toMatch(/on-marked-down none/)
  const {err} = await expectExit(2, ['up', ...lab, '--topology', file])
  expect(err).toMatch(/exists with another topology/)
})

test('an entry that asks nobody who leads never becomes a healthy lab, and `up` says why', async () => {
  await expectExit(0, ['down', ...lab])
  write(
    cfg
      .replace(/ {4}option httpchk OPTIONS \/primary\n.*\n/, '')
      .replace(/(pool\n {4}server pg. .*?) port 8008/g, '$1'),
  )
  const {err} = await expectExit(3, ['up', ...lab, '--topology', file])
  expect(err).toMatch(/proxy1 sends writes to node1 and node2 and node3, the leader is/)
})
