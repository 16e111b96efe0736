import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {ZodType} from 'zod'
import {faultsDoc} from '../../docs/make-faults.ts'
import {faults} from '../../lab/faults/index.ts'
import {keysOfParams} from '../../lab/scenario/params.ts'
import {firstCells, sections} from './markdown.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'faults.md'), 'utf8')
const told = sections(page)

/** Words that a parameter takes, for those that take words. */
function wordsOf(schema: ZodType): Readonly<Record<string, readonly string[]>> {
  const {shape, in: input} = schema._zod.def as {shape?: Record<string, ZodType>; in?: ZodType}
  if (shape === undefined) return input === undefined ? {} : wordsOf(input)
  return Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, enumerated(value)]))
}

function enumerated(schema: ZodType): readonly string[] {
  const {entries, innerType, element} = schema._zod.def as {
    entries?: Record<string, string>
    innerType?: ZodType
    element?: ZodType
  }
  if (entries !== undefined) return Object.values(entries)
  const inner = innerType ?? element
  return inner === undefined ? [] : enumerated(inner)
}

test('its table has every fault under what it is done to: node docs/make-faults.ts', () => {
  expect(page).toBe(faultsDoc(page))
  expect(firstLine(page, '| the machine')).toContain('| the network |')
  for (const name of Object.keys(faults)) expect(firstLine(page, '| [kill]')).toContain(`[${name}](#${name})`)
})

test('docs/reference/faults.md has a section for every fault, and for nothing else', () => {
  expect([...told.keys()].toSorted()).toEqual(Object.keys(faults).toSorted())
})

function firstLine(text: string, start: string): string {
  return text.split('\n').find(line => line.startsWith(start)) ?? ''
}

describe.each(Object.entries(faults))('the section on %s', (name, fault) => {
  const section = told.get(name) ?? ''

  test('names every parameter, and invents none', () => {
    expect(firstCells(section).toSorted()).toEqual(keysOfParams(fault.params).toSorted())
  })

  test('names every word that a parameter takes', () => {
    for (const [key, words] of Object.entries(wordsOf(fault.params))) {
      const row = section.split('\n').find(line => line.startsWith(`| \`${key}\``)) ?? ''
      for (const word of words) expect(row).toContain(`\`${word}\``)
    }
  })

  test('says how it is proven, how it heals, and what it needs', () => {
    expect(section).toContain('**Proof**')
    expect(section).toContain('**Heals**')
    const needs = /\*\*Needs\*\*[\s\S]*?(?=\n- |$)/.exec(section)?.[0] ?? ''
    expect(/`[a-z-]+`/.test(needs)).toBe(fault.needs !== undefined)
    expect(needs.includes('nothing')).toBe(fault.needs === undefined)
  })

  test('says after what time it ends by itself, if it takes a limit', () => {
    const takes = keysOfParams(fault.params).includes('limit')
    expect(/after `limit`/.test(section)).toBe(takes)
  })
})
