/** What a cut network does when nobody is left to heal it, and when a host restarts under it. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Event} from '../../lab/history/event.ts'
import type {Report} from '../../lab/judge/report.ts'
import {expectExit, expectStatus, pghaLab, untilSaid} from './cli.ts'

const name = 'live-network'
const lab = ['--name', name]
const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-network-'))

beforeAll(async () => {
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  rmSync(folder, {recursive: true, force: true})
})

function scenario(file: string, steps: string, expectations: string): string {
  const path = join(folder, `${file}.yaml`)
  const head = 'about: A cut that this test made up.\nclients:\n  - writers: 2\n    rate: 20/s\n    through: primary\n'
  writeFileSync(path, `${head}steps:\n${steps}expect:\n${expectations}`)
  return path
}

interface Status {
  readonly healthy: boolean
  readonly broken: readonly {readonly says: string}[]
}

const status = async () => JSON.parse((await expectStatus([...lab, '--json'])).out) as Status

async function until(condition: (now: Status) => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  let now = await status()
  while (!condition(now) && Date.now() < deadline) {
    await sleep(300)
    now = await status()
  }
  expect(condition(now), JSON.stringify(now)).toBe(true)
}

test('after SIGKILL of the command line the kernel heals a cut by itself when its limit is over', async () => {
  const path = scenario(
    'limited',
    '  - inject: partition\n    on: replica\n    limit: 12s\n    as: cut\n  - hold: 60s\n',
    '  - no-failover\n',
  )
  const run = pghaLab(['chaos', path, ...lab, '--plain'])
  await untilSaid(run, /took hold/)
  run.kill('SIGKILL')
  await run
  expect((await status()).broken).toMatchObject([{says: expect.stringContaining('open the network')}])
  // The replica notices after wal_receiver_timeout (5 s), and needs a moment to stream again once the cut is gone.
  await until(({healthy}) => !healthy)
  await until(({healthy}) => healthy)

  await expectExit(0, ['heal', ...lab])
  expect(await status()).toMatchObject({healthy: true, broken: []})
})

test('a host that restarts under a cut gets the cut again', async () => {
  const path = scenario(
    'restarted',
    [
      '  - inject: partition\n    on: replica\n    from: leader\n    services: [replication]\n    as: cut\n',
      '  - inject: kill\n    what: host\n    on: cut\n    as: crash\n',
      '  - heal: crash\n  - hold: 4s\n',
    ].join(''),
    '  - no-failover\n  - recovered: {within: 1m}\n',
  )
  const {out} = await expectExit(0, ['chaos', path, ...lab, '--json'])
  const report = JSON.parse(out) as Report & {folder: string}
  const events = readFileSync(join(report.folder, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Event)
  const [host] = report.faults[0]!.hosts
  expect(events.filter(event => event.kind === 'fault-again')).toMatchObject([{id: 'cut', host}])
  expect(events.filter(event => event.kind === 'fault-lost')).toEqual([])
  const again = events.find(event => event.kind === 'fault-again')!
  const healed = events.find(event => event.kind === 'fault-mending' && event.id === 'cut')!
  const streamed = events.filter(
    event =>
      event.kind === 'postgres' &&
      event.host === host &&
      event.receiver === 'streaming' &&
      event.at > again.at &&
      event.at < healed.at,
  )
  expect(streamed).toEqual([])
})
