/** What a schema has to say of a value, as a person reads it. */
import type {z} from 'zod'
import {didYouMean, nearest, unknownKey} from './did-you-mean.ts'

/**
 * What is wrong, in our words: of a key that its rule refuses, zod itself says only that it is invalid; and where one of several
 * words was to stand, the one that was probably meant.
 * @param whole the value that was checked, in which the issue has its path.
 */
export function wordsOf(issue: z.core.$ZodIssue, whole: unknown): string {
  if (issue.code === 'invalid_key') return sentence(issue.issues[0]?.message ?? issue.message)
  const choices = choicesOf(issue)
  const wrong = valueAt(issue.path, whole)
  const isOfLibrary = /^(Invalid|Too|Unrecognized) /.test(issue.message)
  const says = isOfLibrary ? (choices.length > 0 ? oneOf(choices) : plainWords(issue, wrong)) : issue.message
  return typeof wrong !== 'string' || says.includes('did you mean')
    ? sentence(says)
    : `${sentence(says)}${didYouMean(wrong, choices)}`
}

/** zod's own sentences are for programmers. */
function plainWords(issue: z.core.$ZodIssue, wrong: unknown): string {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = `${typeWords[issue.expected] ?? 'something else'} was expected`
      return wrong === undefined ? expected : `${expected}, this is ${typeWords[typeOf(wrong)] ?? 'something else'}`
    }
    case 'too_big':
      return `${sized(issue.origin)} is ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`
    case 'too_small':
      return `${sized(issue.origin)} is ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`
    case 'invalid_value':
      return `it can only be ${JSON.stringify(issue.values[0])}`
    case 'unrecognized_keys':
      return unknownKey(issue.keys[0] ?? '', [])
    default:
      return 'nothing of this form can stand here'
  }
}

/** By zod's names and JavaScript's. */
const typeWords: Readonly<Record<string, string>> = {
  ...{string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false', null: 'nothing'},
  ...{array: 'a list', object: 'a mapping of keys to values', record: 'a mapping of keys to values', nan: 'no number'},
}

function typeOf(value: unknown): string {
  if (value === null || Array.isArray(value)) return value === null ? 'null' : 'array'
  return Number.isNaN(value) ? 'nan' : typeof value
}

function sized(origin: string): string {
  return unitOf(origin) === '' ? 'it' : 'its length'
}

function unitOf(origin: string): string {
  return {string: ' characters', array: ' entries'}[origin] ?? ''
}

/** What was meant by the value that an issue is about; undefined: nobody can tell. @param whole the value that was checked. */
export function meantBy(issue: z.core.$ZodIssue, whole: unknown): string | undefined {
  const wrong = valueAt(issue.path, whole)
  if (issue.code === 'custom') return (issue.params as {meant?: string} | undefined)?.meant
  const [, said] = /did you mean `([^`]+)`\?$/.exec(issue.message) ?? []
  return said ?? (typeof wrong === 'string' ? nearest(wrong, choicesOf(issue)) : undefined)
}

function valueAt(path: readonly PropertyKey[], whole: unknown): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null)?.[key], whole)
}

/** `one of drop, reject` */
function oneOf(choices: readonly string[]): string {
  return `it is one of ${choices.join(', ')}`
}

/** The words of which one was to stand in this very place; of a union, those of all its forms. */
function choicesOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.filter(value => typeof value === 'string')
  if (issue.code !== 'invalid_union') return []
  return issue.errors.flat().flatMap(one => (one.path.length === 0 ? choicesOf(one) : []))
}

/** The first line, without its end. */
export function sentence(message: string): string {
  return message.split('\n')[0]?.replace(/[.:]$/, '') ?? message
}
