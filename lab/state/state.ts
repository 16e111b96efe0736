/** What is kept of each lab between two commands. */
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {z} from 'zod'
import {raisingOf, raisingWords} from '../topology/as-set.ts'
import type {Allocation, Topology} from '../topology/topology.ts'
import {allocationSchema, topologySchema} from '../topology/topology-schema.ts'
import {decodeJson} from '../words/decode.ts'
import {isEngineName} from '../words/engine-name.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, onLab} from '../words/next-step.ts'
import {readRegular} from '../words/regular-file.ts'
import {refusalOf} from '../words/system-error.ts'
import {composeFile, labFolder, makeFolder, savedLabs, whenDiskIsFull, writeWhole} from './folders.ts'

/** What `up` wrote down about a lab. */
export interface SavedLab {
  readonly schema: 2
  readonly topology: Topology
  readonly allocation: Allocation
  /** The file that a person raised it from, from the root; it may have been changed since. */
  readonly topologyFile?: string
  /** Which engine it is on: a Docker context, or an address. Older versions wrote none; then it is the one in use. */
  readonly engine?: string
}

/** Of a lab that is saved. @throws LabError `no-lab` when it is gone. */
export function composeText(lab: string): string {
  const text = readKept(composeFile(lab))
  if (text !== undefined) return text
  throw new LabError('no-lab', `${composeFile(lab)} is not there`, {
    hint: anew(lab),
  })
}

/** All labs of this user. One that cannot be read says so, and spoils no other. */
export function loadLabs(): {readonly readable: readonly SavedLab[]; readonly broken: readonly BrokenLab[]} {
  const readable: SavedLab[] = []
  const broken: BrokenLab[] = []
  for (const lab of savedLabs())
    try {
      const saved = loadLab(lab)
      if (saved !== undefined) readable.push(saved)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      broken.push({lab, error})
    }
  return {readable, broken}
}

export interface BrokenLab {
  readonly lab: string
  readonly error: LabError
}

const labSchema = z.strictObject({
  schema: z.literal(2, 'another version of pgha-lab wrote this'),
  topology: topologySchema,
  allocation: allocationSchema,
  topologyFile: z.string().startsWith('/').max(4096).exactOptional(),
  engine: z.string().refine(isEngineName, 'not the name of an engine').exactOptional(),
})

/** undefined when there is none. @throws LabError `no-lab` when this version cannot read it. */
export function loadLab(lab: string): SavedLab | undefined {
  const file = join(labFolder(lab), 'lab.json')
  let saved: SavedLab
  try {
    const text = readKept(file)
    if (text === undefined) return undefined
    saved = decodeJson({file, text, what: 'lab'}, labSchema)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    // Its place and no more: the line itself may hold a password.
    throw unreadable(lab, error.message.split('\n')[0] ?? '')
  }
  if (saved.allocation.lab !== lab) throw unreadable(lab, `${file} is of another lab`)
  return saved
}

/** Far more than any of our files has. */
const mostKeptBytes = 16 * 2 ** 20

/**
 * The text of a file in the state directory, which other programs may have been at; undefined when there is none.
 * @throws LabError with its path for what is no file, or cannot be read.
 */
export function readKept(file: string): string | undefined {
  try {
    const {text, cut} = readRegular(file, mostKeptBytes)
    if (cut) throw new LabError('config', `${file} is not read: it is longer than ${mostKeptBytes / 2 ** 20} MB`)
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw refusalOf(error, file) ?? error
  }
}

function unreadable(lab: string, why: string): LabError {
  return new LabError('no-lab', `lab ${lab} cannot be read: ${why}`, {hint: onLab(lab, 'down')})
}

/** The commands that remove a lab and raise the same again: from its file, with the profile and the settings that it was raised with. */
export function anew(lab: string): Hint {
  return next`${onLab(lab, 'down')} ${raiseAgain(lab)}`
}

/** @param as the name of another lab like it. @param more what that has besides. */
export function raiseAgain(lab: string, as = lab, ...more: readonly string[]): Hint {
  const saved = savedOrBroken(lab)
  if (saved === undefined) return onLab(as, 'up', ...more)
  const raising = raisingOf(saved.topology, saved.topologyFile)
  return raising === undefined
    ? next`and raise it from the file that it was raised from: ${onLab(as, 'up', '--topology', saved.topologyFile ?? './lab.yaml', ...more)}`
    : onLab(as, 'up', ...raisingWords(raising), ...more)
}

function savedOrBroken(lab: string): SavedLab | undefined {
  try {
    return loadLab(lab)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return undefined
  }
}

/** Keeps passwords from other users: folder 0700, files 0600; each file appears whole or not at all. */
export function saveLab(saved: SavedLab, compose: string): void {
  const folder = labFolder(saved.allocation.lab)
  whenDiskIsFull(() => {
    makeFolder(folder)
    writeWhole(join(folder, 'compose.yaml'), compose)
    writeWhole(join(folder, 'lab.json'), `${JSON.stringify(saved, null, 2)}\n`)
  })
}

/** Removes what is kept of a lab, its journal included, and not its runs. Its containers have to be gone by then. */
export function forgetLab(lab: string): void {
  rmSync(labFolder(lab), {recursive: true, force: true})
}
