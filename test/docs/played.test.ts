/** The table of what was played where is made of real runs, and of nothing else. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {playedDoc, withSuite} from '../../docs/make-played.ts'
import {scenarioNames} from '../../lab/scenario/index.ts'
import {presetNames} from '../../lab/topology/topology-file.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')
const ran = (scenario: string, ending: string, headline = '') => ({scenario, ending, headline})

test('docs/reference/played.md is what docs/played.json says: node docs/make-played.ts', () => {
  expect(readFileSync(join(docs, 'reference', 'played.md'), 'utf8')).toBe(playedDoc())
})

test('what was played is a scenario, on a topology, that are there today', () => {
  const played = JSON.parse(readFileSync(join(docs, 'played.json'), 'utf8')) as Record<string, object>
  expect(Object.keys(played).filter(name => !presetNames().includes(name))).toEqual([])
  const names = new Set(scenarioNames())
  expect(
    Object.values(played)
      .flatMap(Object.keys)
      .filter(name => !names.has(name)),
  ).toEqual([])
})

test('a later run takes the place of an earlier one, but for one that proves nothing where the earlier one did', () => {
  const first = withSuite(
    {},
    {scenarios: [ran('kill-leader', 'inconclusive', 'nobody looked'), ran('switchover', 'failed', 'late')]},
    '2026-01-01',
  )
  const second = withSuite(
    first,
    {scenarios: [ran('kill-leader', 'passed'), ran('switchover', 'inconclusive'), ran('lag-replica', 'lab', 'no lab')]},
    '2026-01-02',
  )
  expect(second).toEqual({
    colocated: {
      'kill-leader': {ending: 'passed', on: '2026-01-02'},
      switchover: {ending: 'failed', says: 'late', on: '2026-01-01'},
    },
  })
})

test('what cannot be there is told without the words of the table, and without a path of a machine', () => {
  const [, says] = /"says":"(.*?)"/.exec(
    JSON.stringify(
      withSuite(
        {},
        {
          topology: 'vip',
          scenarios: [
            ran(
              'kill-pgbouncer',
              'skipped',
              'kill-pgbouncer needs x=y, and a lab like this cannot have that: /home/me/compose/presets/vip.yaml:1:2: no',
            ),
          ],
        },
        '2026-01-01',
      ),
    ),
  )!
  expect(says).toBe('it needs x=y, and a lab like this cannot have that: vip.yaml:1:2: no')
})
