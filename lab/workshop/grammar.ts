/** The keys of a lesson's file and what each may hold. */
import {z} from 'zod'
import {name, percent} from '../words/schemas.ts'
import {modelValues} from './lesson.ts'

const text = (what: string) =>
  z
    .string({error: `${what} is a text`})
    .trim()
    .min(1, `${what} is empty`)
const setting = z
  .string({error: 'a setting is `key=value`, as --set takes it'})
  .regex(/^[a-z_.0-9-]+=./, 'a setting is `key=value`, as --set takes it')
const settings = z.array(setting, {error: '`set` is a list of settings such as `patroni.ttl=25s`'}).optional()

const needed = z.strictObject(
  {topology: text('`topology`').optional(), profile: text('`profile`').optional(), set: settings},
  {error: '`lab` is none, or a mapping of `topology`, `profile` and `set`'},
)

export const head = z.strictObject({
  title: text('`title`').max(40, 'a title of up to 40 letters: it is shown large'),
  about: text('`about`').min(10, '`about` says in a sentence what one can do afterwards'),
  minutes: z.int({error: '`minutes` is a whole number'}).min(1, 'at least 1 minute').max(60, 'at most 60 minutes'),
  lab: z.union([z.literal('none'), needed], {error: '`lab` is none, or a mapping of `topology`, `profile` and `set`'}),
  parts: z
    .array(z.looseObject({}, {error: 'a part is a mapping such as `say: ...`'}), {error: '`parts` is a list'})
    .min(1, 'a lesson without parts teaches nothing'),
})

export const verbs = ['say', 'type', 'ask', 'recall', 'phases'] as const
export type Verb = (typeof verbs)[number]

const hints = z.array(text('a hint'), {error: '`hints` is a list of texts'}).optional()
const sql = text('`query`').regex(/^select\s/i, '`query` is a SELECT: a lesson asks and changes nothing')
const scalar = z.union([z.string(), z.number(), z.boolean()], {error: '`is` is a word, a number, true or false'})
const scenario = name('scenario', 'the name of a scenario')

/** Which of them is meant is told by its first key; the names in them are checked by the parser. */
export const conditions = {
  run: z.strictObject({run: scenario}),
  lab: z.strictObject({
    lab: text('`lab`'),
    is: scalar.optional(),
    changed: z.literal(true, {error: '`changed` is true, or left out'}).optional(),
  }),
  query: z.strictObject({query: sql, is: z.string({error: '`is` is a text'})}),
} as const

export const sources = {
  lab: z.strictObject({lab: text('`lab`')}),
  run: z.strictObject({run: scenario, of: text('`of`')}),
  model: z.strictObject({
    model: text('`model`'),
    of: z.enum(modelValues, {error: `\`of\` is one of ${modelValues.join(', ')}`}),
    set: settings,
  }),
  query: z.strictObject({query: sql}),
  number: z.strictObject({number: z.number({error: '`number` is a number'}).min(0)}),
} as const

const choice = z.strictObject(
  {
    says: text('`says`'),
    right: z.boolean({error: '`right` is true or false'}).optional(),
    why: text('`why`'),
  },
  {error: 'a choice is a mapping of `says`, `why` and perhaps `right`'},
)

export const parts = {
  say: z.strictObject({say: text('`say`'), title: text('`title`').max(60, 'a title of up to 60 letters').optional()}),
  type: z.strictObject({
    type: z.union([text('`type`'), z.array(text('a word')).min(1)], {
      error: '`type` is a command of pgha-lab without the program, or a list of its words',
    }),
    look: text('`look`').optional(),
    done: z.unknown().optional(),
    hints,
  }),
  ask: z.strictObject({
    ask: text('`ask`'),
    as: name('scenario').optional(),
    answer: z.unknown().optional(),
    choices: z
      .array(choice, {error: '`choices` is a list'})
      .min(2, 'at least 2 choices')
      .max(6, 'at most 6')
      .optional(),
    within: percent.optional(),
    why: text('`why`').optional(),
    wrong: text('`wrong`').optional(),
    hints,
  }),
  recall: z.strictObject({recall: name('scenario'), run: scenario, of: text('`of`'), why: text('`why`').optional()}),
  phases: z.strictObject({phases: scenario}),
} as const satisfies Record<Verb, unknown>
