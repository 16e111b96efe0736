import {describe, expect, test} from 'vitest'
import {nameRules, strayCharacter} from '../../../lab/words/plain-text.ts'

describe('a stray character', () => {
  test.each([
    ['a\rb', 'a carriage return'],
    ['a\nb', 'a line break'],
    ['a\tb', 'a tab'],
    ['\0', 'a NUL'],
    ['\x1b[2J', 'an escape character'],
    ['a\u0085b', 'the line break U+0085'],
    ['a\u2028b', 'the line separator U+2028'],
    ['a\u2029b', 'the paragraph separator U+2029'],
    ['a\u007fb', 'the control character U+007F'],
    ['a\u009bb', 'the control character U+009B'],
    ['a\ufeffb', 'the unseen character U+FEFF'],
    ['a\u202eb', 'the unseen character U+202E'],
    ['a\u2066b', 'the unseen character U+2066'],
    ['a\u200bb', 'the unseen character U+200B'],
    ['a\u200fb', 'the unseen character U+200F'],
    ['a\u061cb', 'the unseen character U+061C'],
    ['a\u00adb', 'the unseen character U+00AD'],
    ['a\u3164b', 'the unseen character U+3164'],
    ['a\u{e0041}b', 'the unseen character U+E0041'],
    ['a\ud800b', 'the control character U+D800'],
  ])('in %j is %s', (text, says) => {
    expect(strayCharacter(text)).toBe(says)
  })

  test.each(['', 'plain', 'it\'s: "1" #2 \\ $HOME $(x) `x`', 'Grüße, 世界 👋 ⚠️', '<<: *host'])('is not in %j', text => {
    expect(strayCharacter(text)).toBeNull()
  })

  test('may be one that is allowed', () => {
    expect(strayCharacter('a\nb\tc', '\n\t')).toBeNull()
    expect(strayCharacter('a\nb\rc', '\n\t')).toBe('a carriage return')
  })
})

describe('a name', () => {
  test.each([
    ['parameter', 'work_mem'],
    ['parameter', 'TimeZone'],
    ['parameter', 'DateStyle'],
    ['parameter', 'auto_explain.log_min_duration'],
    ['host', 'node1'],
    ['host', 'my-host'],
    ['lab', 'my-lab'],
    ['lab', '2nd'],
    ['scenario', 'kill-leader'],
    ['variable', 'MY_VAR'],
  ] as const)('of a %s can be %s', (kind, name) => {
    expect(name).toMatch(nameRules[kind].pattern)
  })

  test.each([
    ['parameter', 'work mem'],
    ['parameter', 'work-mem'],
    ['parameter', 'a.'],
    ['parameter', ''],
    ['parameter', 'x\ny'],
    ['parameter', 'work_mem\n'],
    ['host', 'Node1'],
    ['host', 'node_1'],
    ['host', 'node-'],
    ['host', '-node'],
    ['host', 'node1\n'],
    ['host', 'a'.repeat(22)],
    ['lab', '../x'],
    ['lab', 'x\n'],
    ['scenario', 'Kill'],
    ['variable', 'a=b'],
  ] as const)('of a %s cannot be %j', (kind, name) => {
    expect(name).not.toMatch(nameRules[kind].pattern)
  })
})
