/** A prepared cluster comes back as it was: its rows, its leader, and all of what a scenario needs of it. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {expectExit, expectStatus, pghaLab, untilSaid} from '../cli.ts'

const name = 'live-snapshot'
const lab = ['--name', name]

async function ask(sql: string): Promise<string> {
  const {out} = await expectExit(0, ['psql', ...lab, '--', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql])
  return out.trim()
}

async function leader(): Promise<string> {
  return (JSON.parse((await expectStatus([...lab, '--json'])).out) as {leader: string}).leader
}

describe('one lab', () => {
  let led = ''
  beforeAll(async () => {
    await expectExit(0, ['down', ...lab])
    await expectExit(0, ['up', ...lab, '--profile', 'fast'])
    await ask('CREATE TABLE prepared AS SELECT n AS id FROM generate_series(1, 1000) AS n')
    led = await leader()
    await expectExit(0, ['snapshot', 'save', 'base', ...lab])
  })
  afterAll(() => expectExit(0, ['down', ...lab]))

  test('goes on after it was saved, with the same leader', async () => {
    expect([await leader(), await ask('SELECT count(*) FROM prepared')]).toEqual([led, '1000'])
  })

  test('has the rows again that were dropped, not those that came later, and the leader of then', async () => {
    await ask('DROP TABLE prepared')
    await ask('CREATE TABLE later AS SELECT 1 AS id')
    await expectExit(0, ['chaos', 'switchover', ...lab])
    await expectExit(0, ['snapshot', 'restore', 'base', ...lab])
    expect(await ask('SELECT count(*) FROM prepared')).toBe('1000')
    expect(await ask("SELECT coalesce(to_regclass('later')::text, 'gone')")).toBe('gone')
    expect(await leader()).toBe(led)
  })

  test('passes a switchover then', async () => {
    await expectExit(0, ['chaos', 'switchover', ...lab])
  })

  test('is as it was after an interrupt while the data is copied, and says so', async () => {
    await ask('CREATE TABLE later AS SELECT 1 AS id')
    const running = pghaLab(['snapshot', 'restore', 'base', ...lab])
    await untilSaid(running, /copy snapshot base beside/)
    running.kill('SIGINT')
    const {exitCode, stderr} = await running
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining(`lab ${name} is as it was`)])
    expect(await ask('SELECT count(*) FROM later')).toBe('1')
  })

  test('takes its snapshots along when it goes', async () => {
    const {err} = await expectExit(0, ['down', ...lab])
    expect(err).toMatch(/and with it snapshot base/)
  })
})
