/**
 * The place that a person names for a run. What is there already is never mixed with a new run: it is refused, or, where it is a run
 * of ours and that was asked for, its own files and no others are taken away.
 */
import {accessSync, constants, existsSync, lstatSync, readdirSync, realpathSync, rmdirSync, unlinkSync} from 'node:fs'
import {basename, dirname, join, resolve} from 'node:path'
import {LabError} from '../words/errors.ts'
import {refusalOf} from '../words/system-error.ts'
import {type OwnRun, ownRun} from './own-run.ts'

/** What a run, a repetition, a storm and a shrinking leave in their folder. */
const ownFiles: readonly RegExp[] = [
  /^events\.ndjson(\.gz)?$/,
  /^report\.(json|txt|md|html)$/,
  /^plan\.yaml$/,
  /^smallest\.yaml$/,
  /^summary\.(json|txt)$/,
]

/** What a run is called, and its folder: when it began, to the second, and its scenario. */
export function runId(name: string): string {
  const now = new Date().toISOString()
  return `${now.replace(/[-:]/g, '').replace(/\.\d+Z/, 'Z')}-${name}`
}

/** What a place holds that has to go before a new run; empty: nothing is there. */
export interface Place {
  readonly folder: string
  readonly files: readonly string[]
  readonly folders: readonly string[]
  /** What each file was when it was found: a run that has begun since has others of the same names. */
  readonly seen: readonly string[]
}

/**
 * Looks, and touches nothing.
 * @throws LabError `usage` for what is in the way, `setup-failed` where nothing can be written.
 */
export function placeFor(out: string, overwrite: boolean): Place {
  const folder = resolve(out)
  const found = lookAt(folder)
  if (found === 'file')
    throw new LabError('usage', `--out ${out} is a file, and a run needs a folder`, {hint: 'name another folder'})
  mustBeWritable(found === 'nothing' ? nearest(dirname(folder)) : folder, out)
  const outer = runAround(folder)
  if (outer !== null)
    throw new LabError('usage', `--out ${out} is inside the run ${outer}`, {hint: 'name a folder beside it'})
  const entries = found === 'nothing' ? [] : readdirSync(folder)
  if (entries.length === 0) return {folder, files: [], folders: [], seen: []}
  if (ownRun(folder) === null)
    throw new LabError('usage', `--out ${out} is not empty, and holds no run: ${entries.slice(0, 3).join(', ')}`, {
      hint: 'name a new folder',
    })
  if (!overwrite)
    throw new LabError('usage', `--out ${out} holds an earlier run`, {
      hint: 'name a new folder; or --overwrite takes that run away first',
    })
  const place: {folder: string; files: string[]; folders: string[]} = {folder, files: [], folders: []}
  gather(folder, 'run', place)
  return {...place, seen: place.files.map(identity)}
}

/** Whether what was found there still lies there, all of it. */
export function holdsEarlierRun({files, seen}: Place): boolean {
  return files.length > 0 && files.every((file, index) => existsSync(file) && identity(file) === seen[index])
}

/** Whether the run that was found there had come to its end, and nobody is writing it any more. */
export function isOver({folder, files}: Place): boolean {
  return ['report.json', 'summary.json'].some(name => files.includes(join(folder, name)))
}

function identity(file: string): string {
  const {ino, size, mtimeMs} = lstatSync(file)
  return `${ino} ${size} ${mtimeMs}`
}

/** Takes away what `placeFor` found, and nothing that has come since. The folder itself stays. */
export function clear({files, folders}: Place): void {
  for (const file of files) unlinkSync(file)
  for (const folder of folders) rmdirSync(folder)
}

/** A folder of runs (`runs`, `shrink`) has only runs in it. */
function gather(
  folder: string,
  what: 'run' | 'logs' | 'runs',
  into: {files: string[]; folders: string[]},
  run: OwnRun | null = what === 'run' ? ownRun(folder) : null,
): void {
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    const path = join(folder, entry.name)
    const inner =
      what === 'runs' ? 'run' : what === 'run' ? {logs: 'logs', runs: 'runs', shrink: 'runs'}[entry.name] : undefined
    if (entry.isDirectory() && inner !== undefined) {
      gather(path, inner as 'run', into, inner === 'logs' ? run : undefined)
      into.folders.push(path)
    } else if (entry.isFile() && isOwn(entry.name, what, run)) into.files.push(path)
    else
      throw new LabError('usage', `${path} is no part of a run, so --overwrite takes nothing away`, {
        hint: 'move it away, or name a new folder',
      })
  }
}

function isOwn(name: string, what: 'run' | 'logs' | 'runs', run: OwnRun | null): boolean {
  if (what === 'runs') return name === 'smallest.yaml'
  if (run === null) return false
  return what === 'logs'
    ? name.endsWith('.log') && run.logsOf.has(name.slice(0, -'.log'.length))
    : ownFiles.some(pattern => pattern.test(name))
}

function lookAt(path: string): 'nothing' | 'file' | 'folder' {
  try {
    const stat = lstatSync(path)
    const real = stat.isSymbolicLink() ? lstatSync(realpathSync(path)) : stat
    return real.isDirectory() ? 'folder' : 'file'
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return 'nothing'
    throw refusalOf(error, path) ?? error
  }
}

function nearest(folder: string): string {
  return lookAt(folder) === 'nothing' && dirname(folder) !== folder ? nearest(dirname(folder)) : folder
}

function mustBeWritable(folder: string, out: string): void {
  if (lookAt(folder) === 'file')
    throw new LabError('usage', `--out ${out}: ${folder} is a file`, {hint: 'name another folder'})
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw refusalOf(error, folder) ?? error
  }
}

/** The run that a folder would lie in; null: none. */
function runAround(folder: string): string | null {
  for (let outer = dirname(folder); ; outer = dirname(outer)) {
    if (lookAt(join(outer, 'events.ndjson')) === 'file') return outer
    if (basename(outer) === '') return null
  }
}
