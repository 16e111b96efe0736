/** How far somebody has come: kept in the state directory, one file for each owner, whole at every moment. */
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {z} from 'zod'
import {makeFolder, stateRoot, whenDiskIsFull, writeWhole} from '../state/folders.ts'
import {owner} from '../state/owner.ts'
import {readKept} from '../state/state.ts'
import {decodeJson} from '../words/decode.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand} from '../words/next-step.ts'

const said = z.strictObject({
  /** The question. */
  asks: z.string(),
  /** The last answer, as it was typed. */
  said: z.string(),
  /** It was right in the end; false: it was skipped. */
  right: z.boolean(),
  /** How many wrong answers came before. */
  wrong: z.int().min(0),
  hints: z.int().min(0),
  /** In seconds, in bytes, or a count; null: it was no number. */
  number: z.number().nullable(),
  /** What was the case, as a sentence. */
  truth: z.string(),
})

const figure = z.strictObject({
  what: z.string(),
  /** As it was typed; null: it was passed over. */
  said: z.string().nullable(),
  /** Seconds; null: nothing is predicted. */
  predicted: z.tuple([z.number(), z.number()]).nullable(),
  measured: z.string(),
  run: z.string(),
})

const kept = z.strictObject({
  /** Of the file when it was begun. */
  digest: z.string(),
  /** The part that comes next, from 0. */
  at: z.int().min(0),
  /** When that part was first shown, and what the lab was then: a check of `changed` goes by it. */
  shownAt: z.iso.datetime().nullable(),
  before: z.record(z.string(), z.string()),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** By the index of their part. */
  answers: z.record(z.string(), said),
  figures: z.array(figure),
  /** Commands that were passed over. */
  skipped: z.int().min(0),
})

const progress = z.strictObject({
  schema: z.literal(1, 'another version of pgha-lab wrote this'),
  owner: z.string(),
  lessons: z.record(z.string(), kept),
})

export type Said = Readonly<z.output<typeof said>>
export type Figure = Readonly<z.output<typeof figure>>
export type Kept = Readonly<z.output<typeof kept>>
export type Progress = Readonly<z.output<typeof progress>>

export function begin(digest: string, now: Date = new Date()): Kept {
  const at = now.toISOString()
  return {
    ...{digest, at: 0, shownAt: null, before: {}, startedAt: at, finishedAt: null},
    ...{answers: {}, figures: [], skipped: 0},
  }
}

/** Of this owner; nothing kept is an empty one. @throws LabError `config` for a file that somebody has been at. */
export function loadProgress(): Progress {
  const {id} = owner()
  const file = fileOf(id)
  const text = readKept(file)
  if (text === undefined) return {schema: 1, owner: id, lessons: {}}
  try {
    return decodeJson({file, text, what: 'progress'}, progress)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    throw new LabError('config', error.message, {
      cause: error,
      hint: next`to begin anew: ${ownCommand('workshop', '--reset')}`,
    })
  }
}

/** On disk when this returns. What another workshop has kept of other lessons meanwhile stays. */
export function keepLesson(name: string, lesson: Kept): Progress {
  const before = loadProgress()
  const after = {...before, lessons: {...before.lessons, [name]: lesson}}
  whenDiskIsFull(() => {
    makeFolder(folder())
    writeWhole(fileOf(after.owner), `${JSON.stringify(after, null, 2)}\n`)
  })
  return after
}

/** @param name only this lesson. @returns whether there was anything. */
export function forgetProgress(name?: string): boolean {
  const {id} = owner()
  if (name === undefined) {
    const was = readKept(fileOf(id)) !== undefined
    rmSync(fileOf(id), {force: true})
    return was
  }
  const {lessons, ...rest} = loadProgress()
  if (!Object.hasOwn(lessons, name)) return false
  const others = Object.fromEntries(Object.entries(lessons).filter(([one]) => one !== name))
  whenDiskIsFull(() => writeWhole(fileOf(id), `${JSON.stringify({...rest, lessons: others}, null, 2)}\n`))
  return true
}

export function keptOf({lessons}: Progress, name: string): Kept | undefined {
  return Object.hasOwn(lessons, name) ? lessons[name] : undefined
}

function folder(): string {
  return join(stateRoot(), 'workshop')
}

function fileOf(id: string): string {
  return join(folder(), `${id}.json`)
}
