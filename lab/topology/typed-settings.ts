/** `--set key=value`, `--profile` and `--release`: what a person types of a topology, and what was probably meant by what cannot be read. */
import {z} from 'zod'
import {nearest, suggestion, unknownKey} from '../words/did-you-mean.ts'
import {LabError, type Slip} from '../words/errors.ts'
import {meantBy, wordsOf} from '../words/issue-words.ts'
import {strayCharacter} from '../words/plain-text.ts'
import {printable} from '../words/printable.ts'
import {fileSchema, type Written} from './settings.ts'

/** What was typed, and what is wrong with it. */
interface Typed {
  readonly layers: readonly Written[]
  readonly wrong: readonly string[]
  /** Empty unless all that is wrong can be put right. */
  readonly instead: readonly Slip[]
}

export function fromSet(
  set: readonly string[],
  words: Readonly<Record<'profile' | 'release', string | undefined>>,
): Typed {
  const layers: Written[] = []
  const refused: LabError[] = []
  const read = (layer: () => Written) => {
    try {
      layers.push(layer())
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      refused.push(error)
    }
  }
  for (const text of set) read(() => setting(text))
  for (const [key, word] of Object.entries(words)) if (word !== undefined) read(() => ofWord(key, word))
  const slips = refused.flatMap(error => error.instead)
  const wrong = refused.map(error => error.message)
  return {layers, wrong, instead: slips.length === refused.length ? slips : []}
}

/** Of an option that is named like its key. */
function ofWord(key: string, word: string): Written {
  const whole = {[key]: word}
  return checked(`--${key} ${printable(word)}`, whole, issue => slipTo(word, meantBy(issue, whole)))
}

function setting(text: string): Written {
  const where = `--set ${printable(text)}`
  const stray = strayCharacter(text)
  if (stray !== null) throw new LabError('usage', `${where}: ${stray} cannot stand in a setting`)
  const [, path = '', value = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (path === '') throw new LabError('usage', `${where}: write it as key=value, such as patroni.ttl=40s`)
  const isList = path.startsWith('hosts.') || path === 'stand_ins' || path === 'standby_cluster.hosts'
  const plain = isList ? value.split(',') : /^\d{1,15}$/.test(value) ? Number(value) : value
  const keys = keysOf(path)
  // A schema would look it up as what every object has, and not see it.
  if (keys.includes('__proto__')) throw new LabError('usage', `${where}: ${unknownKey('__proto__', [])}`)
  const whole = keys.reduceRight<unknown>((inner, key) => ({[key]: inner}), plain)
  return checked(where, whole, issue => slipTo(text, corrected({keys, plain, whole}, issue)))
}

/** Of `postgresql.parameters.auto_explain.log_format`, all behind the mapping is one name. */
function keysOf(path: string): string[] {
  const parameters = 'postgresql.parameters.'
  return path.startsWith(parameters)
    ? [...parameters.split('.').filter(Boolean), path.slice(parameters.length)]
    : path.split('.')
}

interface Setting {
  readonly keys: readonly string[]
  /** Its value; the services of a host are a list, and so are stand-ins. */
  readonly plain: string | number | readonly string[]
  readonly whole: unknown
}

/** The setting with what is wrong put right, as far as somebody can tell what was meant; another may be wrong with it. */
function corrected({keys, plain, whole}: Setting, issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') {
    const wrong = issue.keys[0] ?? ''
    const meant = nearest(wrong, keysAt(issue.path))
    return meant && `${keys.with(issue.path.length, meant).join('.')}=${plain}`
  }
  const meant = meantBy(issue, whole)
  const at = issue.path.at(-1)
  const value = typeof plain === 'object' && typeof at === 'number' && meant ? plain.with(at, meant) : meant
  return value && `${keys.join('.')}=${value}`
}

/** What was meant may have a mistake in another place: `patroni.tll=40` is `patroni.ttl=40s`. */
function slipTo(written: string, meant: string | undefined): readonly Slip[] {
  if (meant === undefined || !meant.includes('=')) return meant === undefined ? [] : [{written, meant}]
  try {
    setting(meant)
    return [{written, meant}]
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return error.instead.map(more => ({...more, written}))
  }
}

function checked(where: string, value: unknown, meant: (issue: z.core.$ZodIssue) => readonly Slip[]): Written {
  const result = fileSchema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue === undefined) throw new TypeError('what is refused has an issue')
  const says =
    issue.code === 'unrecognized_keys'
      ? `unknown key \`${issue.keys[0]}\`${suggestion(issue.keys[0] ?? '', keysAt(issue.path))}`
      : wordsOf(issue, value)
  throw new LabError('usage', `${where}: ${says}`, {instead: meant(issue)})
}

function keysAt(path: readonly PropertyKey[]): string[] {
  let at: z.ZodType = fileSchema
  for (const key of path) {
    const shape: Record<PropertyKey, z.ZodType> = at instanceof z.ZodObject ? at.shape : {}
    const next = shape[key]
    if (next === undefined) return []
    at = next instanceof z.ZodOptional ? (next.unwrap() as z.ZodType) : next
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}
