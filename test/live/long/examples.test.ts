/** The apps of docs/examples, each in a process of its own as the page on them says: one gets through a failover, one does not. */
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, expect, test} from 'vitest'
import {expectExit} from '../cli.ts'

const name = 'live-examples'
const cwd = join(import.meta.dirname, '..', '..', '..', 'docs', 'examples')

afterAll(async () => {
  await expectExit(0, ['down', '--name', name])
})

const play = (app: string) => execa('node', ['failover.ts', `./${app}.ts`, name], {cwd, reject: false, all: true})

test('an app that gives up what is not answered is back in time', async () => {
  const {exitCode, all} = await play('app-that-survives')
  expect(exitCode, all).toBe(0)
  expect(all).toMatch(/^pass: All 1 writers were back at most /m)
})

test('a pool that never lets go of a dead server is found, with the reason', async () => {
  const {exitCode, all} = await play('app-that-does-not')
  expect(exitCode, all).toBe(1)
  expect(all).toMatch(
    /^fail: .*app kept 4 connections to node\d, which was frozen, for \d+(\.\d+)? s: .* never given up/m,
  )
  expect(all).toContain('give the clients a time-out of their own')
})
