/**
 * Recorded runs, found as a person names them: a run's folder, its events.ndjson (packed with gzip or not), the name of a run
 * in the state directory, or `latest`. The only place that knows how a run lies on disk once it is over.
 */
import {existsSync, lstatSync, readdirSync, realpathSync, statSync} from 'node:fs'
import {basename, dirname, join, resolve} from 'node:path'
import type {History} from '../history/history.ts'
import {type Loading, loadHistory} from '../history/read-events.ts'
import type {HostName} from '../topology/topology.ts'
import {nearest} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, onLab} from '../words/next-step.ts'
import {readRegular} from '../words/regular-file.ts'
import {keptStdin, stdin} from '../words/stdin.ts'
import {runsFolder, stateRoot} from './folders.ts'

/** Where a recorded run lies. */
export interface FoundRun {
  /** Null: only the events are there, without logs and report. */
  readonly folder: string | null
  /** The file events.ndjson or events.ndjson.gz. */
  readonly events: string
}

/** A recorded run in memory; `logs` by host, empty where only the events are there. */
export interface RecordedRun extends FoundRun {
  readonly history: History
  /** What each host said, whole; empty where there is no folder. */
  readonly logs: ReadonlyMap<HostName, string>
}

const defaultLab = 'lab'
/** Of all hosts together. */
const mostLogBytes = 256 * 2 ** 20
const eventFiles = ['events.ndjson', 'events.ndjson.gz'] as const

/**
 * @param nameOrPath `latest` is the newest run of `lab`; another name is looked for in `lab` first, then in every lab.
 * @throws LabError `usage` that names the nearest run there is.
 */
export function findRun(nameOrPath: string, lab: string = defaultLab): FoundRun {
  if (nameOrPath === '') throw new LabError('usage', 'an empty name names no run', {hint: nextStep(lab)})
  const named = nameOrPath === basename(nameOrPath) ? byName(nameOrPath, lab) : undefined
  return named ?? atPath(nameOrPath, lab)
}

/**
 * One or more runs: a list with commas, a folder of runs (such as the `runs` of a repetition, or the repetition itself), or
 * anything that `findRun` takes.
 */
export function findRuns(written: string, lab: string = defaultLab): FoundRun[] {
  return written.split(',').flatMap(one => {
    const part = one.trim()
    if (part === '')
      throw new LabError('usage', `"${written}" names an empty run`, {hint: 'runs are separated by one comma'})
    const named = part === basename(part) ? byName(part, lab) : undefined
    if (named) return [named]
    // A repetition lies in the state directory under a name, like a run.
    const inside = [join(runsFolder(lab), part), part]
      .filter(isFolder)
      .map(folder => (runIn(folder) ? [] : runsIn(folder)))
    return inside.find(runs => runs.length > 0) ?? [atPath(part, lab)]
  })
}

/** @throws LabError `usage` when there is no such run, `config` when it cannot be read. */
export async function readRun(nameOrPath: string, lab?: string): Promise<RecordedRun> {
  return loadRun(findRun(nameOrPath, lab))
}

/** @throws LabError `config` when its events cannot be read. */
export async function loadRun(found: FoundRun, {asObjects}: Pick<Loading, 'asObjects'> = {}): Promise<RecordedRun> {
  return {
    ...found,
    history: await loadHistory(found.events, {digest: found.folder !== null, ...(asObjects && {asObjects})}),
    logs: found.folder === null ? new Map() : readLogs(found.folder),
  }
}

/** The run as a person may name it again: its folder's name, or the file's. */
export function nameOf({folder, events}: FoundRun): string {
  return basename(folder ?? events)
}

function byName(name: string, lab: string): FoundRun | undefined {
  if (name === '.' || name === '..') return undefined
  const own = runIn(join(runsFolder(lab), name))
  if (own || name === 'latest') {
    if (own) return own
    const newest = runNames(lab).at(-1)
    if (newest === undefined) throw new LabError('usage', `lab ${lab} has no run yet`, {hint: nextStep(lab)})
    throw new LabError('usage', `which run of lab ${lab} is the latest was not written down; there is ${newest}`, {
      instead: [{written: name, meant: newest}],
      hint: nextStep(lab),
    })
  }
  const others = labsWithRuns().flatMap(other => {
    const found = runIn(join(runsFolder(other), name))
    return found ? [{other, found}] : []
  })
  if (others.length > 1)
    throw new LabError('usage', `${name} is a run of ${others.map(one => one.other).join(' and ')}`, {
      hint: 'say which lab is meant with --name',
    })
  return others[0]?.found
}

function atPath(path: string, lab: string): FoundRun {
  if (path === stdin) return {folder: null, events: keptStdin()}
  if (!existsSync(path)) throw noSuchRun(path, lab)
  if (statSync(path).isFile()) {
    const isHistory = (eventFiles as readonly string[]).includes(basename(path))
    // A history that was copied elsewhere has no folder of its own.
    const folder = isHistory && existsSync(join(dirname(path), 'logs')) ? resolve(dirname(path)) : null
    // A link that a person names is followed; those inside a run are not.
    return {folder, events: folder === null ? realpathSync(path) : resolve(path)}
  }
  if (!isFolder(path))
    throw new LabError('config', `${path} is not read: it is a device or a pipe`, {hint: nextStep(lab)})
  const found = runIn(path)
  if (found) return found
  const several = runsIn(path)
  if (several.length > 0)
    throw new LabError('usage', `${path} holds ${several.length} runs`, {
      hint: `name one of them, such as ${several[0]!.folder ?? several[0]!.events}`,
    })
  throw new LabError('usage', `${path} is no run: it has no events.ndjson`, {hint: nextStep(lab)})
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

function runIn(folder: string): FoundRun | undefined {
  const events = eventFiles.map(file => join(resolve(folder), file)).find(file => existsSync(file))
  return events === undefined ? undefined : {folder: resolve(folder), events}
}

/** The runs right inside a folder or inside its `runs`, and packed histories beside each other; by name, `latest` left out. */
function runsIn(folder: string): FoundRun[] {
  const under = existsSync(join(folder, 'runs')) ? join(folder, 'runs') : folder
  return readdirSync(under, {withFileTypes: true})
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      if (entry.isDirectory()) return runIn(join(under, entry.name)) ?? []
      return entry.isFile() && /\.ndjson(\.gz)?$/.test(entry.name)
        ? {folder: null, events: resolve(under, entry.name)}
        : []
    })
}

function noSuchRun(written: string, lab: string): LabError {
  const known = runNames(lab)
  const word = basename(written)
  const meant =
    nearest(word, known.length === 0 ? [] : ['latest', ...known]) ?? known.findLast(one => one.includes(word))
  // A list of a hundred runs helps nobody: the newest stands for it.
  const newest = known.length === 0 ? '' : `; the newest is \`${known.at(-1)}\``
  return new LabError(
    'usage',
    `there is no run \`${written}\`${meant === undefined ? newest : `, did you mean \`${meant}\`?`}`,
    {hint: nextStep(lab), instead: meant === undefined ? [] : [{written, meant}]},
  )
}

function nextStep(lab: string): Hint {
  const known = runNames(lab)
  return known.length === 0
    ? next`name a run's folder or its events.ndjson; or record a run: ${onLab(lab, 'chaos', 'kill-leader')}`
    : next`use one of the names in ${runsFolder(lab)}, or the path of a run's folder; the newest is: ${onLab(lab, 'report', isThere(lab, 'latest') ? 'latest' : known.at(-1)!)}`
}

function isThere(lab: string, name: string): boolean {
  return runIn(join(runsFolder(lab), name)) !== undefined
}

/** The runs of a lab in the state directory, oldest first: their names begin with their time. */
function runNames(lab: string = defaultLab): string[] {
  return foldersIn(runsFolder(lab)).filter(name => runIn(join(runsFolder(lab), name)) !== undefined)
}

function labsWithRuns(): string[] {
  return foldersIn(join(stateRoot(), 'runs'))
}

/** Links such as `latest` are no folders of their own. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, {withFileTypes: true})
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Each host's words; of what is longer than the memory should hold, the beginning. */
export function readLogs(folder: string): ReadonlyMap<HostName, string> {
  const logs = join(folder, 'logs')
  if (!existsSync(logs)) return new Map()
  if (lstatSync(logs).isSymbolicLink())
    throw new LabError('config', `${logs} is not read: it is a link`, {hint: 'a run is a folder with regular files'})
  let left = mostLogBytes
  return new Map(
    readdirSync(logs)
      .filter(file => file.endsWith('.log'))
      .sort()
      .map(file => {
        const {text, cut} = readRegular(join(logs, file), left)
        left -= Math.min(left, text.length)
        return [file.replace(/\.log$/, ''), cut ? `${text}\n(this log is cut here: it is too long)\n` : text]
      }),
  )
}
