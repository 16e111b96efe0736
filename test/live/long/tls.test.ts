/** All that can be in TLS is, and whoever can be asked to log in is: up, written to, broken, judged; and what is wrong with it is named. */
import {setTimeout as pause} from 'node:timers/promises'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {loadLab} from '../../../lab/state/state.ts'
import {expectExit, expectStatus} from '../cli.ts'

const name = 'live-tls'
const lab = ['--name', name]
const tokenSeconds = 10
const set = [
  ...['tls.etcd=on', 'tls.rest=on', 'tls.postgresql=on'],
  ...['auth.etcd=jwt', `auth.etcd_token_ttl=${tokenSeconds}s`, 'auth.rest=on'],
].flatMap(one => ['--set', one])

const on = async (host: string, script: string) =>
  (await expectExit(0, ['shell', ...lab, host, '--', 'sh', '-ec', script])).out

const leader = async () => (JSON.parse((await expectStatus([...lab, '--json'])).out) as {leader: string}).leader

/** Gives a host a certificate, and has its services read it. @param more days, and since when. */
async function give(host: string, user: string, pem: string, more: string, reload: string): Promise<void> {
  const names = `DNS:${host},IP:$(hostname -i),DNS:localhost,IP:127.0.0.1`
  const own = '/etc/pgha-lab/keys/host.pem'
  const script = `certificate-authority issue ${host} "${names}" ${more} > ${own} && keys-for ${user} host.pem && ${reload}`
  await execa('docker', ['exec', '-i', `pgha-lab-${name}-${host}`, 'sh', '-ec', script], {input: pem})
}

const restartEtcd = 's6-svc -r /run/service/etcd'
const reloadServers = 'kill -HUP $(head -n 1 /data/postgresql/main/postmaster.pid); s6-svc -h /run/service/patroni'

describe('dedicated-etcd in TLS and with logins', () => {
  beforeAll(async () => {
    await expectExit(0, ['down', ...lab])
    await expectExit(0, ['up', ...lab, '--topology', 'dedicated-etcd', '--profile', 'fast', ...set])
  })
  afterAll(() => expectExit(0, ['down', ...lab]))

  test('is healthy, and takes writes in TLS through its entry', async () => {
    await expectExit(0, ['status', ...lab])
    const asks = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
    expect((await expectExit(0, ['psql', ...lab, '--', '-Atc', asks])).out.trim()).toBe('t')
    await expectExit(0, ['psql', ...lab, '--', '-Atc', 'CREATE TABLE t AS SELECT 1 AS id'])
  })

  test('lets nobody in who comes without: to PostgreSQL, etcd and the REST API', async () => {
    const {addresses, passwords} = loadLab(name)!.allocation
    const plain = `host=${addresses.proxy1} port=5000 user=app dbname=app sslmode=disable`
    const refused = `! PGPASSWORD=${passwords.app} psql '${plain}' -c 'SELECT 1' 2>&1`
    expect(await on('app1', refused)).toContain('no encryption')
    const ca = '--cacert /etc/pgha-lab/keys/ca.crt'
    const rest = await on('node1', `curl -s -o /dev/null -w '%{http_code}' -X POST ${ca} https://localhost:8008/reload`)
    expect(rest).toContain('401')
    const bare = 'env ETCDCTL_CACERT=/etc/pgha-lab/keys/ca.crt /usr/bin/etcdctl --endpoints https://127.0.0.1:2379'
    await on('etcd1', `! ${bare} get --prefix /service/`)
    const cert = '--cert /run/pgha-lab/keys/etcd/host.pem --key /run/pgha-lab/keys/etcd/host.pem'
    await on('etcd1', `! ${bare} ${cert} get --prefix /service/`)
    expect(await on('etcd1', 'etcdctl get --prefix --keys-only /service/pgha/leader')).toContain('/service/pgha/leader')
  })

  test("gives nobody else's user a key", async () => {
    const seen = await on('node1', 'find /etc/pgha-lab /run/pgha-lab/keys -type f ! -name ca.crt -perm /077')
    expect(seen.trim()).toBe('')
  })

  test('a token expires again and again: Patroni gets another, and its leader stays', async () => {
    const [before, logins] = [await leader(), 'Trying to authenticate on Etcd']
    const counted = async () =>
      (await execa('docker', ['logs', `pgha-lab-${name}-${before}`], {all: true})).all.split(logins).length
    const had = await counted()
    // Patroni shows its token with what it writes to etcd: how far the WAL is. A lab at rest writes nothing.
    const wal = "SELECT pg_logical_emit_message(false, 'token', 'x')"
    for (const until = Date.now() + 3.5 * tokenSeconds * 1000; Date.now() < until; await pause(1000))
      await expectExit(0, ['psql', ...lab, '--', '--no-psqlrc', '-Atc', wal])
    expect(await counted()).toBeGreaterThanOrEqual(had + 2)
    expect(await leader()).toBe(before)
    await expectExit(0, ['status', ...lab])
  })

  test.each(['kill-leader', 'switchover', 'renew-certificates'])('passes %s', async scenario => {
    const {out} = await expectExit(0, ['chaos', scenario, ...lab, '--json'])
    const report = JSON.parse(out) as Report
    expect(report.findings.filter(one => one.verdict !== 'pass').map(one => [one.expectation, one.says])).toEqual([])
  })

  test.each([
    {what: 'has expired', host: 'etcd2', user: 'etcd', reload: restartEtcd, says: 'etcd on etcd2', more: '3 -30d'},
    {
      what: 'is of another CA',
      host: 'node1',
      user: 'postgres',
      reload: reloadServers,
      says: 'the REST API on node1',
      more: '',
    },
  ])(
    'a certificate of $says that $what is named, and up ends at once',
    async ({what, host, user, reload, says, more}) => {
      const {authority} = loadLab(name)!.allocation
      const ours = authority!.caKey + authority!.ca
      const other = await on('etcd1', 'certificate-authority new other')
      await give(host, user, what === 'has expired' ? ours : other, more, reload)
      await pause(5000)
      const {out} = await expectStatus([...lab])
      expect(out).toContain(`${says} shows a certificate that ${what}`)
      const began = performance.now()
      const {err} = await expectExit(3, ['up', ...lab])
      // Whichever of its services is asked first: they have one key.
      expect(err).toContain(`on ${host} shows a certificate that ${what}`)
      expect(performance.now() - began).toBeLessThan(60_000)
      await give(host, user, ours, '', reload)
      await expectExit(0, ['up', ...lab])
    },
  )
})
