import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {selectors} from '../../lab/cluster/selector.ts'
import {parseScenario} from '../../lab/scenario/index.ts'
import {settings} from '../../lab/topology/settings.ts'
import {parseTopology} from '../../lab/topology/topology-file.ts'
import {sections} from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'files.md'), 'utf8')
const told = sections(page)

function example(section: string): string {
  return /```yaml\n([\s\S]*?)```/.exec(told.get(section) ?? '')?.[1] ?? ''
}

test('the lab.yaml of docs/reference/files.md is a valid one', () => {
  expect(parseTopology('lab.yaml', example('lab.yaml')).hosts).toHaveLength(6)
})

test('it shows every key of patroni and postgresql', () => {
  for (const {shape} of Object.values(settings))
    for (const key of Object.keys(shape)) expect(example('lab.yaml')).toMatch(new RegExp(`^ {2}${key}: `, 'm'))
})

test('the scenario of docs/reference/files.md is a valid one, and uses every kind of step', () => {
  const {steps} = parseScenario('mine.yaml', example('A scenario'))
  expect(new Set(steps.map(step => step.do))).toEqual(new Set(['inject', 'heal', 'hold', 'until', 'say']))
})

test('docs/reference/files.md names every selector, and invents none', () => {
  const rows = (told.get('A scenario') ?? '').split('| selector | means |')[1] ?? ''
  const named = rows
    .split('\n')
    .flatMap(row => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(match => match[1]))
  expect(named.toSorted()).toEqual([...selectors].toSorted())
})
