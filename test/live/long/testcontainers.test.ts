/** The cluster in the manner of testcontainers, on a real engine: every word of its page is said once. */
import {once} from 'node:events'
import {join} from 'node:path'
import {setTimeout} from 'node:timers/promises'
import {execa} from 'execa'
import pg from 'pg'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {Docker, inForce, loadLab} from '../../../lab/index.ts'
import {type ClusterReference, PatroniCluster} from '../../../lab/testing/testcontainers.ts'
import {expectExit} from '../cli.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const name = 'live-testcontainers'
const reused = 'live-testcontainers-again'
const orphan = 'live-testcontainers-orphan'

const down = async () => {
  for (const lab of [name, reused, orphan]) await expectExit(0, ['down', '--name', lab])
}
beforeAll(down)
afterAll(down)

/** What one connection is told. */
async function asked(uri: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({connectionString: uri, connectionTimeoutMillis: 5000, query_timeout: 5000})
  await client.connect()
  try {
    const {rows} = await client.query<unknown[]>({text, rowMode: 'array'})
    return rows[0] ?? []
  } finally {
    await client.end()
  }
}

/** What another process sees of a cluster that it has by its JSON; it leaves it. */
async function attachedElsewhere(reference: string): Promise<unknown> {
  const program = `
    import {PatroniCluster} from 'pgha-lab/testcontainers'
    await using cluster = await PatroniCluster.attach(JSON.parse(process.argv[1]))
    console.log(JSON.stringify({leader: await cluster.getLeader(), uri: cluster.getConnectionUri('primary')}))
  `
  const {stdout} = await execa(process.execPath, ['--input-type=module', '-e', program, reference], {cwd: root})
  return JSON.parse(stdout)
}

const belongings = (lab: string) => new Docker().belongings(lab)

test('a cluster is written to, read from, broken, mended, judged and attached to, and nothing of it stays', async () => {
  {
    await using cluster = await new PatroniCluster().withName(name).withPostgresNodes(3).start()
    const [primary, replicas] = [cluster.getConnectionUri('primary'), cluster.getReadOnlyUri()]
    const leader = await cluster.getLeader()
    expect(cluster.getMembers()).toHaveLength(3)
    expect(cluster.getMembers()).toContain(leader)

    await asked(primary, 'create table kept as select 42 as answer')
    expect(await asked(primary, "select current_setting('pgha_lab.host'), pg_is_in_recovery()")).toEqual([
      leader,
      false,
    ])
    const [reader, inRecovery] = await asked(replicas, "select current_setting('pgha_lab.host'), pg_is_in_recovery()")
    expect(inRecovery).toBe(true)
    expect(reader).not.toBe(leader)
    await expect.poll(() => asked(replicas, 'select answer from kept'), {timeout: 10_000}).toEqual([42])

    expect(await cluster.exec('leader', ['cat', '/etc/hostname'])).toEqual({
      ...{exitCode: 0, output: leader, stderr: ''},
    })
    expect(await cluster.exec(leader, ['sh', '-c', 'echo no >&2; exit 7'])).toEqual({
      ...{exitCode: 7, output: '', stderr: 'no\n'},
    })

    const reference = JSON.stringify(cluster)
    expect(await attachedElsewhere(reference)).toEqual({leader, uri: primary})
    {
      await using crash = await cluster.break('kill', {what: 'host', on: 'leader'})
      expect(crash).toMatchObject({hosts: [leader], held: true})
      expect(inForce(name)).toHaveLength(1)
      await expect
        .poll(() => cluster.getLeader().catch(() => leader), {timeout: 60_000, interval: 500})
        .not.toBe(leader)
    }
    expect(inForce(name)).toEqual([])
    await cluster.lab.heal()
    expect(await asked(primary, 'select answer from kept')).toEqual([42])

    await using attached = await PatroniCluster.attach(JSON.parse(reference) as ClusterReference)
    const run = await attached.runScenario('switchover')
    expect(run.report, JSON.stringify(run.report.findings)).toMatchObject({verdict: 'pass', scenario: 'switchover'})
    await attached.stop()
    expect(await asked(cluster.getConnectionUri(), 'select answer from kept')).toEqual([42])
  }
  expect(await belongings(name)).toEqual([])
  expect(loadLab(name)).toBeUndefined()
})

test('one that is to be reused stays, and the next one with its wishes finds what was written', async () => {
  const wish = () => new PatroniCluster().withName(reused).withSetting('patroni.ttl=25s').withReuse()
  {
    await using first = await wish().start()
    await asked(first.getConnectionUri(), 'create table kept as select 7 as answer')
  }
  const before = (await belongings(reused)).map(one => one.id).sort()
  expect(before).not.toEqual([])
  await using again = await wish().start()
  expect(await asked(again.getConnectionUri(), 'select answer from kept')).toEqual([7])
  expect((await belongings(reused)).map(one => one.id).sort()).toEqual(before)
})

/** Another process that raises a lab and is killed outright; ends when it is gone. */
async function raisedAndKilled(lab: string, wishes: string): Promise<void> {
  const program = `
    import {PatroniCluster} from 'pgha-lab/testcontainers'
    const cluster = await new PatroniCluster().withName(process.argv[1])${wishes}.start()
    console.log(await cluster.getLeader())
    setInterval(() => {}, 1000)
  `
  const child = execa(process.execPath, ['--input-type=module', '-e', program, lab], {cwd: root, reject: false})
  const said = await Promise.race([once(child.stdout, 'data').then(String), child.then(ended => ended.stderr)])
  expect(said).toMatch(/^node\d\n$/)
  child.kill('SIGKILL')
  expect(await child).toMatchObject({signal: 'SIGKILL'})
}

test('with a reaper the lab of a process that was killed goes by itself, and its name is free; without one it stays', async () => {
  await raisedAndKilled(orphan, '.withReaper()')
  expect(await belongings(orphan)).not.toEqual([])
  await expect.poll(() => belongings(orphan), {timeout: 30_000, interval: 500}).toEqual([])
  {
    await using again = await new PatroniCluster().withName(orphan).withReaper().start()
    expect(await asked(again.getConnectionUri(), 'select 1')).toEqual([1])
  }
  expect(await belongings(orphan)).toEqual([])
  expect(loadLab(orphan)).toBeUndefined()

  await raisedAndKilled(orphan, '')
  const left = (await belongings(orphan)).map(one => one.id).sort()
  await setTimeout(20_000)
  expect((await belongings(orphan)).map(one => one.id).sort()).toEqual(left)
  expect(left).not.toEqual([])
})
