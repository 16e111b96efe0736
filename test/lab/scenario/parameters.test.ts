import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {ParameterEngine} from '../../../lab/engine/parameters.ts'
import {loadScenario, mustTakeParameters, unaskedParameters} from '../../../lab/scenario/index.ts'

const file = join(mkdtempSync(join(tmpdir(), 'pgha-needs-')), 'mine.yaml')
const text = `about: long enough to be a claim
needs: {postgresql: {parameters: {work_mem: 4MB, nosuch: 1}}}
clients: [{writers: 4, rate: 200/s, through: primary}]
steps: [{hold: 1s}]
expect: [no-failover]
`

function engine(image = true): ParameterEngine {
  return {
    hasImage: async () => image,
    throwaway: async () => ({id: 'c1', [Symbol.asyncDispose]: async () => {}}),
    run: async (_, argv) =>
      argv.includes('nosuch=1')
        ? {code: 1, out: '', err: '2026-11-27 04:06:01 GMT [1] FATAL:  unrecognized configuration parameter "nosuch"'}
        : {code: 0, out: '', err: ''},
  }
}

test('a parameter that a scenario needs and PostgreSQL does not know is refused at its place', async () => {
  writeFileSync(file, text)
  const scenario = loadScenario(file)
  await expect(unaskedParameters(engine(), 'host', scenario, file)).rejects.toThrow(
    `${file}:2:50: PostgreSQL says: unrecognized configuration parameter "nosuch"`,
  )
  await expect(mustTakeParameters(engine(), 'host', scenario)).rejects.toThrow(/mine\.yaml:2:50: PostgreSQL says: /)
  rmSync(file)
  await expect(mustTakeParameters(engine(), 'host', scenario)).rejects.toThrow(
    'mine: needs.postgresql.parameters.nosuch: PostgreSQL says: unrecognized',
  )
})

test('a scenario is not called right in what PostgreSQL could not be asked', async () => {
  writeFileSync(file, text)
  const scenario = loadScenario(file)
  expect(await unaskedParameters(engine(false), 'host', scenario, file)).toBe('the image host is not here')
  await expect(mustTakeParameters(engine(false), 'host', scenario)).rejects.toThrow('the image host is not here')
  writeFileSync(file, text.replace(/^needs.*\n/m, ''))
  expect(await unaskedParameters(engine(false), 'host', loadScenario(file), file)).toBeNull()
})
