/** The apps of docs/examples from the packed file alone, as the page on them says: one gets through a failover, one does not. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {StrangersProject} from '../stranger.ts'

const name = 'live-examples'
const project = new StrangersProject()
const page = () => readFileSync(join(project.packed, 'docs', 'test-your-app.md'), 'utf8')

beforeAll(async () => {
  await project.install('pg')
  const copy = 'cp node_modules/pgha-lab/docs/examples/*.mts .'
  expect(page()).toContain(`\n${copy}\n`)
  await project.run('sh', '-c', copy)
})
afterAll(async () => {
  await project.npx('down', '--name', name)
  project[Symbol.dispose]()
})

function play(app: string) {
  expect(page()).toContain(`\nnode failover.mts ./${app}.mts\n`)
  return project.attempt('node', 'failover.mts', `./${app}.mts`, name)
}

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
