/** Every rule, once where it fires and once where it does not: a mistake in a cluster that is right, and what looks like it. */
import {describe, expect, test} from 'vitest'
import {rules} from '../../../lab/lint/rules/index.ts'
import {changed, found, right} from './cluster.ts'
import {haproxy} from './examples/haproxy.ts'
import {others} from './examples/others.ts'
import {patroni} from './examples/patroni.ts'
import {ways} from './examples/ways.ts'

const table = {...patroni, ...haproxy, ...others, ...ways}

test('a cluster that is right is told nothing about', () => {
  expect(found(right)).toEqual([])
})

test('every rule has both examples, and no example is of a rule that is not there', () => {
  expect(Object.keys(table).toSorted()).toEqual(rules.map(({id}) => id).toSorted())
})

describe.each(rules.map(rule => [rule.id, rule] as const))('%s', id => {
  const example = table[id]
  test('fires at its place', () => {
    const texts = changed(...(example?.fires ?? []))
    const first = found(texts).find(({rule}) => rule.id === id)
    expect(texts[first?.place.file ?? '']?.split('\n')[(first?.place.line ?? 0) - 1]).toContain(example?.on)
  })
  test('does not where it would be wrong', () => {
    const ids = found(changed(...(example?.silent ?? []))).map(({rule}) => rule.id)
    expect(ids).not.toContain(id)
  })
})
