/** docs/lint.md names every rule and refusal, as they are. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {lintDoc} from '../../docs/make-lint.ts'
import {rules} from '../../lab/lint/rules/index.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'lint.md'), 'utf8')

test('the tables of docs/lint.md are made from the rules (node docs/make-lint.ts)', () => {
  expect(page).toBe(lintDoc())
  for (const {id} of rules) expect(page).toContain(`| ${id} |`)
})

test('every rule says what is wrong, whose word that is, and what mends it, in a line each', () => {
  for (const {id, about, source, fix} of rules) {
    expect(id).toMatch(/^(file|patroni|haproxy|etcd|keepalived|pgbouncer|cluster)\/[a-z0-9-]+$/)
    for (const words of [about, source, fix]) expect(words).toMatch(/^[^\n]{5,200}[^.\n]$/)
  }
  expect(new Set(rules.map(({id}) => id)).size).toBe(rules.length)
})
