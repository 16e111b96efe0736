import {mkdtempSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadScenario, scenarioFile, scenarioNames, tooEarly} from '../../../lab/scenario/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-steady-'))

/** What is said of a scenario with these clients, these steps before the fault, and this expectation; without the file's name. */
function said({
  clients = '{writers: 4, rate: 200/s, through: primary}',
  before = '',
  expected = 'failover: {within: 30s}',
}): string | null {
  const file = join(folder, 'mine.yaml')
  writeFileSync(
    file,
    `about: A replica takes over.
clients: [${clients}]
steps: [${before}{inject: kill, what: host, on: leader}]
expect: [${expected}]
`,
  )
  return tooEarly(loadScenario(file), file)?.replace(folder, '.') ?? null
}

describe('the first fault comes too early for `failover`', () => {
  test('when the clients are not seen writing for long enough, by the rule of the judge', () => {
    expect(said({})).toBe(
      './mine.yaml:3:9: the first fault comes too early: `failover` wants 90 writes/s in the 3 s before the first fault, and so far there are 33/s; `hold: 0.9s` before it, or more',
    )
    expect(said({before: '{hold: 900ms}, '})).toBeNull()
    expect(said({before: '{hold: 500ms}, {say: now}, '})).toMatch(/^\.\/mine\.yaml:3:36: .*so far there are 67\/s/)
  })

  test('and what is said to hold is enough', () => {
    for (const rate of [90, 91, 100, 133, 200, 500]) {
      const clients = `{writers: 4, rate: ${rate}/s, through: primary}`
      const [, hold = ''] = /`hold: (\S+)`/.exec(said({clients}) ?? '') ?? []
      expect(said({clients, before: `{hold: ${hold}}, `})).toBeNull()
    }
  })

  test('not when nothing is measured that needs it, or what programs of others write is not known', () => {
    expect(said({expected: 'no-lost-writes'})).toBeNull()
    expect(said({clients: '{pgbench: 4, rate: 20/s, through: primary}'})).toBeNull()
    expect(said({clients: '{writers: 4, rate: 600/s, through: primary}'})).toBeNull()
  })

  test('and no hold helps clients that write too seldom', () => {
    const few = '{writers: 4, rate: 50/s, through: primary}'
    expect(said({clients: few, before: '{hold: 10s}, '})).toMatch(
      /^\.\/mine\.yaml:2:10: too few writes: .* and these clients write 50\/s$/,
    )
    // The others are not those that wait for the proxy.
    expect(said({clients: `${few}, {writers: 4, rate: 500/s, to: leader}`})).toMatch(/these clients write 50\/s$/)
    expect(said({clients: `${few}, {writers: 4, rate: 500/s, through: members, driver: psycopg}`})).toMatch(
      /these clients write 50\/s$/,
    )
  })
})

test.each(scenarioNames())('%s gives its clients that time', name => {
  expect(tooEarly(loadScenario(name), scenarioFile(name))).toBeNull()
})
