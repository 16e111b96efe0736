/** Where things are kept between two commands: the XDG state directory, one folder a lab; runs outlive their lab. */
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {dirname, join} from 'node:path'
import {z} from 'zod'
import {raisingOf, raisingWords} from '../topology/as-set.ts'
import type {Allocation, Topology} from '../topology/topology.ts'
import {allocationSchema, topologySchema} from '../topology/topology-schema.ts'
import {decodeJson} from '../words/decode.ts'
import {isEngineName} from '../words/engine-name.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, onLab} from '../words/next-step.ts'
import {nameRules} from '../words/plain-text.ts'
import {printable} from '../words/printable.ts'
import {readRegular} from '../words/regular-file.ts'
import {refusalOf} from '../words/system-error.ts'

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

export function stateRoot(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_STATE_HOME
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'pgha-lab')
}

export function labFolder(lab: string): string {
  return join(stateRoot(), 'labs', lab)
}

export function runsFolder(lab: string): string {
  return join(stateRoot(), 'runs', lab)
}

/** The path of a lab's compose file, which holds its passwords. */
export function composeFile(lab: string): string {
  return join(labFolder(lab), 'compose.yaml')
}

/** Of a lab that is saved. @throws LabError `no-lab` when it is gone. */
export function composeText(lab: string): string {
  const text = readKept(composeFile(lab))
  if (text !== undefined) return text
  throw new LabError('no-lab', `${composeFile(lab)} is not there`, {
    hint: anew(lab),
  })
}

/** Lab names become parts of container and network names. */
export function checkLabName(name: string): string {
  const {pattern, says} = nameRules.lab
  if (!pattern.test(name)) {
    const meant =
      name
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .replaceAll(/^-|-$/g, '')
        .slice(0, 31) || 'second'
    throw new LabError('usage', `"${printable(name)}" is no lab name: ${says}`, {
      instead: [{written: name, meant}],
      hint: `such as ${meant}`,
    })
  }
  return name
}

/** The names of all labs of this user, whether or not this version can read what is kept of them. */
export function savedLabs(): string[] {
  try {
    return readdirSync(join(stateRoot(), 'labs'), {withFileTypes: true})
      .filter(entry => entry.isDirectory() && existsSync(join(labFolder(entry.name), 'lab.json')))
      .map(entry => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
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

/**
 * A folder for this user alone, with those that lead to it; one that is there is left as it is. One after the other: `recursive` of
 * Node 24 never returns where a file system has a folder and makes none in it, such as /proc (src/node_file.cc: MKDirpSync takes
 * ENOENT for a parent that is missing).
 * @throws the system's error
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, {mode: 0o700})
  } catch (error) {
    const another = (error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(folder).isDirectory()
    if (!another) throw error
  }
}

export function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(draft, text, {mode: 0o600, flush: true})
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, {force: true})
    throw error
  }
}

/** What the system refuses, as a sentence; `folder` is named where the system does not say what it was about. */
export function whenDiskIsFull<T>(work: () => T, folder = stateRoot()): T {
  try {
    return work()
  } catch (error) {
    throw refusalOf(error, folder) ?? error
  }
}
