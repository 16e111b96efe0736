/**
 * What a set-up leaves on this machine when it is killed. Each thing is known as ours by what it says itself, never by its
 * place alone, and names the process that made it: as long as that one lives, it is no leftover.
 */
import {lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {trixiePreferencesFile, trixieSourceFile} from './apt-source.ts'

/** Where to look; a test has a file system of its own. */
export interface Machine {
  readonly root: string
  readonly temp: string
}

export const thisMachine: Machine = {root: '/', temp: tmpdir()}

export function policyFile(machine: Machine): string {
  return join(machine.root, 'usr/sbin/policy-rc.d')
}

/** Answers Debian's invoke-rc.d: start nothing. */
export function policyText(): string {
  return `#!/bin/sh\n# pgha-lab: only while process ${thisProcess()} installs Docker; remove it if you see it later\nexit 101\n`
}

/** As `policyText`, and as earlier versions wrote it, to the last character: a line more, and it is somebody else's. */
const policyPattern =
  /^#!\/bin\/sh\n# pgha-lab: only while (?:it|process (\d+-\d+)) installs Docker; remove it if you see it later\nexit 101\n$/

const unfinishedPattern = /^# pgha-lab: process (\d+-\d+) sets this up; a later one removes it if that was cut short\n/

/** A file of apt's that counts only once `finished`. */
export function unfinished(text: string): string {
  return `# pgha-lab: process ${thisProcess()} sets this up; a later one removes it if that was cut short\n${text}`
}

/** The same without its mark. */
export function finish(file: string): void {
  writeWhole(file, readFileSync(file, 'utf8').replace(unfinishedPattern, ''))
}

/** The file is there whole or not at all: half a source would break every `apt-get update`. apt ignores dot files. */
export function writeWhole(file: string, text: string): void {
  const beside = join(dirname(file), `.${basename(file)}.${process.pid}`)
  writeFileSync(beside, text, {mode: 0o644, flag: 'wx'})
  renameSync(beside, file)
}

/** Prefix for `mkdtemp`, by which the folder is found again. */
export function tempPrefix(what: 'base' | 'app' | 'patroni'): string {
  return join(tmpdir(), `pgha-lab-${what}-${thisProcess()}-`)
}

/** Paths of all that is left over, in the order in which it has to go: a source never outlives its pin. */
export function leftovers(machine: Machine = thisMachine): string[] {
  const source = join(machine.root, 'etc/apt', trixieSourceFile)
  const preferences = join(machine.root, 'etc/apt', trixiePreferencesFile)
  return [
    ...(isLeftover(policyFile(machine), policyPattern) ? [policyFile(machine)] : []),
    ...[source, preferences].filter(file => isLeftover(file, unfinishedPattern)),
    ...[source, preferences].flatMap(halfWritten),
    ...entries(machine.temp).filter(path => {
      const maker = /^pgha-lab-(?:base|app|patroni)-(\d+-\d+)-/.exec(basename(path))?.[1]
      return maker !== undefined && !lives(maker) && isOwnFolder(path)
    }),
  ]
}

/** Removes them and returns their paths; what this user may not remove stays. */
export function clearLeftovers(machine: Machine = thisMachine): string[] {
  return leftovers(machine).filter(path => {
    try {
      rmSync(path, {recursive: true, force: true})
      return true
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
      throw error
    }
  })
}

function isLeftover(file: string, pattern: RegExp): boolean {
  const text = readOwnFile(file)
  const match = text === null ? null : pattern.exec(text)
  return match !== null && (match[1] === undefined || !lives(match[1]))
}

/** null for what is not a plain file: nothing of ours is a link. */
function readOwnFile(file: string): string | null {
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'utf8') : null
  } catch {
    return null // it is not there, or not for us to read
  }
}

/** What `writeWhole` was killed over. */
function halfWritten(file: string): string[] {
  const prefix = `.${basename(file)}.`
  return entries(dirname(file)).filter(path => {
    const pid = basename(path).startsWith(prefix) ? basename(path).slice(prefix.length) : ''
    return /^\d+$/.test(pid) && startedAt(pid) === null
  })
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).map(name => join(folder, name))
  } catch {
    return []
  }
}

/** Another user's folder of that name in /tmp is not for us to remove. */
function isOwnFolder(path: string): boolean {
  const about = lstatSync(path, {throwIfNoEntry: false})
  return about?.isDirectory() === true && about.uid === process.getuid?.()
}

/** `<pid>-<start>`: a pid alone may be another process by now. The start is in ticks since boot; 0 where /proc has none. */
function thisProcess(): string {
  return `${process.pid}-${startedAt(String(process.pid)) ?? 0}`
}

function lives(maker: string): boolean {
  const [pid = '', start] = maker.split('-')
  if (start !== '0') return startedAt(pid) === start
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** proc(5): field 22 of /proc/<pid>/stat, counted behind the name, which may contain blanks. */
function startedAt(pid: string): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
