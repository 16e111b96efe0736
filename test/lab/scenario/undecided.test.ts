import {globSync, mkdtempSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadScenario, scenarioFile, scenarioNames, undecided} from '../../../lab/scenario/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-undecided-'))
const killed = '{inject: kill, what: host, on: leader}'

/** What is said of a scenario with these clients, these steps before and after the fault, and this expectation. */
function said({
  clients = '{writers: 4, rate: 200/s, through: primary}',
  before = '',
  fault = killed,
  after = '',
  expected = 'failover: {within: 30s}',
  needs = '{postgres: 3}',
}): string[] {
  const file = join(folder, 'mine.yaml')
  writeFileSync(
    file,
    `about: A replica takes over.
needs: ${needs}
clients: [${clients}]
steps: [${before}${fault}${after}]
expect: [${expected}]
`,
  )
  return undecided(loadScenario(file), file).map(one => one.replace(folder, '.'))
}

describe('the rate is too low for the limit', () => {
  const at = (rate: number) => `{writers: 4, rate: ${rate}/s, through: primary}`

  test('only where it matters: 25 ms are nothing against 30 s, or against the budget', () => {
    expect(said({clients: at(40)})).toEqual([])
    expect(said({clients: at(40), expected: 'failover'})).toEqual([])
    expect(said({clients: at(40), expected: 'unavailability: {writes: {at-most: 10s}}'})).toEqual([])
  })

  test('and then it is said what would do', () => {
    expect(said({clients: at(5), before: '{hold: 3s}, ', expected: 'failover: {within: 1s}'})).toEqual([
      './mine.yaml:3:10: too few writes for `failover`: these clients write 5/s, so a gap is known to 200 ms only, which matters against its limit; `rate: 10/s` or more',
    ])
    expect(said({clients: at(10), before: '{hold: 3s}, ', expected: 'failover: {within: 1s}'})).toEqual([])
    expect(said({clients: at(20), expected: 'unavailability: {writes: {at-most: 200ms}}'})).toEqual([
      expect.stringMatching(/`unavailability`.*`rate: 50\/s` or more$/),
    ])
  })

  test('what programs of others write is not known, and those past the proxy are not those that wait for it', () => {
    expect(said({clients: '{pgbench: 4, rate: 1/s, through: primary}'})).toEqual([])
    const few = '{writers: 4, rate: 2/s, through: primary}, {writers: 4, rate: 500/s, to: leader}'
    expect(said({clients: few, before: '{hold: 5s}, '})).toEqual([])
    expect(said({clients: few, before: '{hold: 5s}, ', expected: 'failover: {within: 2s}'})).toHaveLength(1)
  })
})

test('a fault before the steady state is told, with a hold that is enough', () => {
  const clients = '{writers: 2, rate: 2/s, through: primary}'
  const [told = '', ...more] = said({clients})
  expect(more).toEqual([])
  expect(told).toMatch(
    /^\.\/mine\.yaml:4:9: the first fault comes before a steady state: .*`hold: 1s` before it, or more$/,
  )
  expect(said({clients, before: '{hold: 1s}, '})).toEqual([])
  expect(said({})).toEqual([])
})

describe('a hold that is shorter than the claim', () => {
  const expected = 'nobody-promoted: {for: 30s}'

  test('is told; a wait may take as long as it may', () => {
    expect(said({after: ', {hold: 10s}, {heal: kill}', expected})).toEqual([
      './mine.yaml:5:10: `nobody-promoted` is claimed for 30s, and these steps leave the first fault for 11s at most: nobody could say',
    ])
    const toTheEnd = 'nobody-promoted: {for: 30s, until: end}'
    expect(said({after: ', {hold: 10s}, {heal: kill}', expected: toTheEnd})).toEqual([])
    expect(said({after: ', {hold: 30s}, {heal: kill}', expected})).toEqual([])
    expect(said({after: ', {until: writes-flow, within: 1m}, {heal: kill}', expected})).toEqual([])
    expect(said({after: ', {until: new-leader, within: budget}, {heal: kill}', expected})).toEqual([])
  })
})

test('what cannot both hold, and yet is asked for, is told', () => {
  expect(said({expected: 'failover, no-failover'})).toEqual([expect.stringMatching(/cannot both hold/)])
})

describe('what Patroni makes of a changed configuration is told', () => {
  const set = (config: string, more = {}) =>
    said({fault: `{inject: set-config, config: ${config}}`, expected: 'no-lost-writes', ...more})

  test('a timing that it would not use', () => {
    expect(set('{ttl: 5}')).toEqual([
      './mine.yaml:4:44: Patroni uses ttl 20s instead of 5s: it accepts no less than 20s',
    ])
    expect(set('{ttl: 20, loop_wait: 15, retry_timeout: 5}')).toEqual([
      expect.stringMatching(/Patroni uses loop_wait 10s instead of 15s: loop_wait \+ 2 \* retry_timeout/),
    ])
    expect(set('{retry_timeout: 1}')).toEqual([expect.stringMatching(/retry_timeout 3s instead of 1s/)])
    expect(set('{ttl: 40}')).toEqual([])
    // Of what the scenario needs beside, too.
    expect(set('{loop_wait: 30}', {needs: '{patroni: {ttl: 40s, retry_timeout: 10s}}'})).toEqual([
      expect.stringMatching(/loop_wait 20s instead of 30s/),
    ])
  })

  test('a key that it does not know', () => {
    expect(set('{colour: blue}')).toEqual(['./mine.yaml:4:47: Patroni knows no key `colour` and ignores it'])
  })
})

test.each(scenarioNames())('nothing is told of %s', name => {
  expect(undecided(loadScenario(name), scenarioFile(name))).toEqual([])
})

const cases = globSync('*.yaml', {cwd: join(import.meta.dirname, '..', '..', 'cases')}).filter(
  file => !file.endsWith('.lab.yaml'),
)

test.each(cases)('the case %s is read, and told only what it asks for on purpose', file => {
  const path = join(import.meta.dirname, '..', '..', 'cases', file)
  const told = undecided(loadScenario(path), path)
  expect(told).toEqual(file === 'rest-blocked.yaml' ? [expect.stringMatching(/cannot both hold/)] : [])
})

test('what came of a fault is claimed, and no step injects one', () => {
  const quiet = {before: '{hold: 5s}', fault: ''}
  expect(said({...quiet, expected: 'failover: {within: 30s}'})).toEqual([
    expect.stringMatching(/`failover` is about what came of a fault, and no step injects one: nobody could say$/),
  ])
  for (const expected of [
    'promoted: {not: old-leader}',
    'demoted: {within: 5s}',
    'rejoined: {within: 30s}',
    'clients-reconnect: {within: 5s}',
  ])
    expect(said({...quiet, expected})).toHaveLength(1)
  expect(
    said({...quiet, expected: 'no-failover, one-writable-primary, unavailability: {writes: {at-most: 2s}}'}),
  ).toEqual([])
})
