/** Where things are kept between two commands: the XDG state directory, one folder a lab; runs outlive their lab. */
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {dirname, join} from 'node:path'
import {LabError} from '../words/errors.ts'
import {nameRules} from '../words/plain-text.ts'
import {printable} from '../words/printable.ts'
import {refusalOf} from '../words/system-error.ts'

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
