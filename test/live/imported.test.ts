/** A cluster of somebody's, made of their files: it comes up, fails over with a verdict, and nothing of it gets out of the lab. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, type Server} from 'node:http'
import {networkInterfaces, tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Report} from '../../lab/judge/report.ts'
import {expectExit, pghaLab} from './cli.ts'

const lab = ['--name', 'live-imported']
const calls: string[] = []
let folder = ''
let production: Server

/** This machine by the address that others know, where the archive of theirs would be. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find(
    one => one !== undefined && one.family === 'IPv4' && !one.internal && !/^(10\.213|172\.)/.test(one.address),
  )?.address

const member = (number: number, archive: string) => `scope: orders
namespace: /shop/
name: db${number}
restapi: {listen: "0.0.0.0:8008", connect_address: "198.51.100.${number}:8008"}
etcd3: {hosts: ["198.51.100.1:2379", "198.51.100.2:2379", "198.51.100.3:2379"]}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 3
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      parameters: {wal_level: replica, archive_mode: "on", archive_command: "${archive}"}
  pg_hba: [host replication copier 198.51.100.0/24 md5, host all all 0.0.0.0/0 md5]
postgresql:
  listen: 0.0.0.0:5432
  connect_address: 198.51.100.${number}:5432
  data_dir: /var/lib/postgresql/17/main
  authentication:
    superuser: {username: postgres, password: "Wren-of-17"}
    replication: {username: copier, password: "Wren-of-18"}
  callbacks: {on_role_change: "curl -s ${archive.replace(/^.*(http:\S+)\/.*$/, '$1')}/role"}
watchdog: {mode: off}
tags: {nofailover: ${number === 3}}
`

const proxy = `defaults
  mode tcp
  retries 2
  option redispatch
  timeout connect 1s
  timeout client 30m
  timeout server 30m
  timeout check 1s
listen orders
  bind *:5000
  option httpchk
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
${[1, 2, 3].map(number => `  server db${number} 198.51.100.${number}:5432 check port 8008\n`).join('')}`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'imported-'))
  production = createServer((request, response) => {
    calls.push(request.url ?? '')
    response.end()
  })
  const port = await new Promise<number>(resolve => {
    production.listen(0, '0.0.0.0', () => resolve((production.address() as {port: number}).port))
  })
  const archive = `curl -sf -T %p http://${outside}:${port}/%f`
  const files = [1, 2, 3].map(number => {
    const file = join(folder, `db${number}.yml`)
    writeFileSync(file, member(number, archive))
    return file
  })
  writeFileSync(join(folder, 'haproxy.cfg'), proxy)
  await expectExit(0, ['down', ...lab])
  const out = join(folder, 'lab.yaml')
  await expectExit(0, ['init', '--from', ...files, '--haproxy', join(folder, 'haproxy.cfg'), '--out', out])
  expect(readFileSync(out, 'utf8')).not.toContain('curl')
  await expectExit(0, ['up', ...lab, '--topology', out])
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  production.close()
  rmSync(folder, {recursive: true, force: true})
})

const on = async (host: string, ...argv: readonly string[]) => {
  const {stdout, exitCode} = await pghaLab(['shell', ...lab, host, '--', ...argv])
  return {out: String(stdout), code: exitCode}
}

test('its leader is killed, and who took over is judged; a member that may not lead does not', async () => {
  const {out} = await expectExit(0, ['chaos', 'kill-leader', ...lab, '--json'])
  const report = JSON.parse(out) as Report
  expect(report.verdict).toBe('pass')
  expect(report.findings.length).toBeGreaterThan(3)
  const {out: leads} = await on(
    'node3',
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    'localhost:8008/primary',
  )
  expect(leads).toBe('503')
})

test('what would have archived was called and wrote that down, and nobody outside was', async () => {
  await expectExit(0, ['psql', ...lab, '--', '-c', 'SELECT 1'])
  const said = await Promise.all(['node1', 'node2'].map(host => on(host, 'cat', '/data/postgresql/called.log')))
  const all = said.map(({out}) => out).join('\n')
  expect(all).toMatch(/ archive_command [0-9A-F]{24}/)
  expect(all).toMatch(/ on_role_change on_role_change primary orders/)
  expect(calls).toEqual([])
})

test('this machine, where the archive is, is not reached from a host, nor is a name looked up', async () => {
  const port = (production.address() as {port: number}).port
  const {code} = await on('node1', 'curl', '-s', '--max-time', '3', `http://${outside}:${port}/`)
  expect(code).not.toBe(0)
  expect(calls).toEqual([])
  // The same question from here is answered.
  expect((await fetch(`http://${outside}:${port}/here`)).status).toBe(200)
  expect(calls).toEqual(['/here'])
  expect((await on('node1', 'timeout', '3', 'getent', 'hosts', 'example.com')).code).not.toBe(0)
})
