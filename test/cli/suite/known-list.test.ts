import {mkdirSync, mkdtempSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {listed} from '../../../cli/suite/here.ts'
import {type Kept, knownList, listToKeep, notAsked} from '../../../cli/suite/known-list.ts'
import type {Scenario} from '../../../lab/history/scenario-values.ts'
import {readTopology, scenariosToKeep, suites} from '../../../lab/inside/scenarios.ts'

// As a build has read them: no other test of this file reads a scenario otherwise.
vi.mock('../../../lab/scenario/read-ahead.ts', async original => {
  const {createHash} = await import('node:crypto')
  const from = () => (known ??= JSON.parse(scenariosToKeep()) as Record<string, Scenario>)
  let known: Record<string, Scenario> | undefined
  let isAsked = false
  return {
    ...(await original<object>()),
    readAhead: (text: string) => {
      // While they are read for it nothing is known.
      if (isAsked) return undefined
      isAsked = true
      const found = from()[createHash('sha256').update(text).digest('hex')]
      isAsked = false
      return found
    },
  }
})

const {topology} = readTopology({profile: 'fast'})
const worked = new Map(
  [...suites()].map(([suite, all]) => [
    suite,
    all.map(one => listed(one, {topology, tried: notAsked, learned: new Map()})),
  ]),
)
const text = listToKeep([{topology, list: [...worked.values()].flat()}])
const kept = JSON.parse(text) as Kept
const usual = {name: 'lab', profile: 'fast'}

beforeEach(() => vi.stubEnv('XDG_STATE_HOME', mkdtempSync(join(tmpdir(), 'known-list-'))))
afterEach(() => vi.unstubAllEnvs())

test('what a build keeps of the list is what is worked out, in its order', async () => {
  const known = await knownList(usual, false, kept)
  expect([...known!.groups]).toStrictEqual([...worked])
  expect(known).toMatchObject({lab: undefined, profile: 'fast'})
})

test('the suite that is asked for is listed alone', async () => {
  const {groups} = (await knownList({...usual, suite: 'failover'}, false, kept))!
  expect([...groups]).toStrictEqual([['failover', worked.get('failover')]])
})

test('how long the last run took stands before what was predicted', async () => {
  const folder = join(process.env.XDG_STATE_HOME!, 'pgha-lab', 'runs', 'lab', '20260101T000000Z-kill-leader')
  mkdirSync(folder, {recursive: true})
  writeFileSync(join(folder, 'report.json'), JSON.stringify({profile: 'fast', durationMicros: 7e6}))
  const {groups} = (await knownList(usual, false, kept))!
  const one = [...groups.values()].flat().find(({scenario}) => scenario.name === 'kill-leader')
  expect(one?.takes).toEqual({seconds: 7, basis: 'played'})
})

test('a scenario or a preset that says something else by now is worked out', async () => {
  const {listed: all} = kept.of.fast!
  const edited = {...all, 'kill-leader': {...all['kill-leader']!, text: 'another'}}
  const {'kill-leader': _, ...added} = all
  expect(await knownList(usual, false, {...kept, of: {fast: {topology, listed: edited}}})).toBeUndefined()
  expect(await knownList(usual, false, {...kept, of: {fast: {topology, listed: added}}})).toBeUndefined()
  expect(await knownList(usual, false, {...kept, presets: 'others'})).toBeUndefined()
})

test('so is a lab with settings, one that is named, a suite that is not there, and all where nothing was built', async () => {
  expect(await knownList({...usual, set: ['patroni.ttl=40s']}, false, kept)).toBeUndefined()
  expect(await knownList({...usual, topology: 'sync'}, false, kept)).toBeUndefined()
  expect(await knownList({...usual, profile: 'slow'}, false, kept)).toBeUndefined()
  expect(await knownList({...usual, suite: 'none'}, false, kept)).toBeUndefined()
  expect(await knownList(usual, true, kept)).toBeUndefined()
  expect(await knownList(usual, false)).toBeUndefined()
})
