import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {printYaml} from '../../compose/print-yaml.ts'
import {strayCharacter} from '../../lab/words/plain-text.ts'
import {awkwardTexts} from './awkward-texts.ts'

describe('YAML as it is printed', () => {
  test.each(awkwardTexts)('keeps the text %j a text, as a value and as a key, in every version of YAML', text => {
    for (const oneLine of [0, 100])
      for (const version of ['1.1', '1.2'] as const) {
        const value = {[`k${text}`]: [text], v: {[['', '<<'].includes(text) ? 'k' : text]: text}}
        expect(parse(printYaml(value, {oneLine}), {version, merge: false})).toEqual(value)
      }
  })

  test('leaves nothing without quotes but words, which begin with a letter and are no word of YAML', () => {
    const bare = (text: string) => printYaml({v: text}) === `v: ${text}\n`
    expect(awkwardTexts.filter(bare)).toEqual(['a,b'])
    expect(['hot_standby', 'node1=http://10.0.0.1:2380', 'postgres | %m'].map(bare)).toEqual([true, true, false])
  })

  test('has no key that means a merge, and no value that does', () => {
    expect(() => printYaml({'<<': {a: 1}})).toThrow(/means a merge/)
    expect(parse(printYaml({a: '<<'}), {version: '1.1'})).toEqual({a: '<<'})
    // PyYAML refuses a plain one also as a value (constructor.py: no constructor for tag:yaml.org,2002:merge).
    expect(printYaml({a: '<<', b: ['<<']})).toBe('a: "<<"\nb:\n  - "<<"\n')
  })

  test('has no number that some reader takes for a text', () => {
    for (const number of [1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => printYaml({a: number})).toThrow(/no number that every reader/)
    expect(printYaml({a: 1.5, b: -3, c: [0]})).toBe('a: 1.5\nb: -3\nc:\n  - 0\n')
  })

  test('is the value that was meant, whatever its texts are, or was refused', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({unit: 'binary'}), fc.string({unit: 'binary'})), value => {
        const refused = Object.entries(value)
          .flat()
          .some(text => strayCharacter(text, '\n') !== null)
        if (refused) expect(() => printYaml(value)).toThrow(/cannot stand in a YAML file/)
        else
          for (const version of ['1.1', '1.2'] as const)
            expect(Object.entries(parse(printYaml(value), {version, merge: false, uniqueKeys: true}) ?? {})).toEqual(
              expect.arrayContaining(Object.entries(value)),
            )
      }),
    )
  })

  test('has comments where they were wanted, none of which can end a line early', () => {
    const value = {a: {b: 'a rather long one'}, list: [{c: 'x'}, {c: 'z'}]}
    const text = printYaml(value, {
      header: 'one\n\ntwo',
      oneLine: 20,
      notes: [
        {at: ['a', 'b'], beside: 'beside'},
        {at: ['list'], above: 'above', apart: true},
        {at: ['list', 1], beside: 'second'},
      ],
    })
    expect(text).toBe(`\
# one
#
# two

a:
  b: a rather long one # beside

# above
list:
  - {c: x}
  - {c: z} # second
`)
    for (const cruel of ['a\rb: c', 'a\u0085b: c', 'a\u2028b: c'])
      expect(() => printYaml(value, {header: cruel})).toThrow(/cannot stand/)
    expect(() => printYaml(value, {notes: [{at: ['nowhere'], above: 'x'}]})).toThrow(/nothing stands at nowhere/)
  })
})
