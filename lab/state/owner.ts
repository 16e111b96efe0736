/**
 * Whose a lab is. Everything of it on the engine carries its owner's id, and what holds its data also says where the owner keeps what
 * is known about it, so that another owner can tell whether this one is still there.
 */
import {createHash, randomBytes} from 'node:crypto'
import {linkSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import type {Owner} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {quoted, shell} from '../words/next-step.ts'
import {nameRules} from '../words/plain-text.ts'
import {printable} from '../words/printable.ts'
import {labFolder, makeFolder, stateRoot, whenDiskIsFull, writeWhole} from './folders.ts'
import {readKept} from './state.ts'

const idRule = nameRules.owner.pattern

/** The owner that new labs get: PGHA_LAB_OWNER, else one drawn once for this state directory. @throws LabError `usage` */
export function owner(env: NodeJS.ProcessEnv = process.env): Owner {
  const id = knownId(env) ?? drawId()
  return {id, home: homeLabel()}
}

/** Of this process, if it has one already. @throws LabError `usage` */
export function knownId(env: NodeJS.ProcessEnv = process.env): string | null {
  const given = env.PGHA_LAB_OWNER
  if (given === undefined || given === '') return idIn(ownerFile())
  if (idRule.test(given)) return given
  throw new LabError('usage', `PGHA_LAB_OWNER is "${printable(given)}": ${nameRules.owner.says}`, {
    hint: shell('export PGHA_LAB_OWNER=ci-runner-7'),
  })
}

/** Kept beside what is saved of a lab, before anything of it is made: by this file its owner is known to be there. */
export function saveOwner(lab: string, {id}: Owner): void {
  whenDiskIsFull(() => {
    makeFolder(labFolder(lab))
    writeWhole(recordOf(lab, stateRoot()), `${id}\n`)
  })
}

/** Of a lab that is saved here; null: an older version saved it. */
export function savedOwner(lab: string): string | null {
  return idIn(recordOf(lab, stateRoot()))
}

/**
 * Whether an owner is still there, by the label that says where it keeps its labs.
 * - `there`: the directory can be read, and knows the lab as this owner's.
 * - `gone`: the directory, its record of the lab, or this owner in it is no more, seen from the same place as when the label was made:
 *   the same boot of the same machine, the same mounts, the same file system. Absence seen from anywhere else proves nothing.
 * - `unknown`: all else. A directory that this user may not read is no sign of anything.
 */
export function whereabouts(lab: string, id: string, home: string | null): 'there' | 'gone' | 'unknown' {
  const {view, path} = parseHome(home)
  if (path === null) return 'unknown'
  const record = recordOf(lab, path)
  try {
    if (statSync(record).isFile() && readFileSync(record, 'utf8').trim() === id) return 'there'
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'unknown'
  }
  return view !== null && view === viewOf(path) ? 'gone' : 'unknown'
}

/** The state directory that a label names; null: it names none. */
export function homePath(home: string | null): string | null {
  return parseHome(home).path
}

/** For a message: labels are anybody's text, and what does not have our form is not shown. */
export function sayOwner(id: string | null, home: string | null): string {
  if (id === null || !idRule.test(id)) return 'it does not say whose it is'
  const [, path] = homePath(home) === null ? [] : (home ?? '').split(' ')
  return path === undefined ? `owner ${id}` : `owner ${id}, kept in ${path}`
}

/** `<view> <path>`: plain ASCII, the path as in a URL. */
function homeLabel(): string {
  return `${viewOf(stateRoot()) ?? '-'} ${stateRoot().split('/').map(encodeURIComponent).join('/')}`
}

function parseHome(label: string | null): {view: string | null; path: string | null} {
  const [, view = null, path = null] = /^([0-9a-f]{16}|-) (\/[\w!~*'().%/-]{0,4000})$/.exec(label ?? '') ?? []
  try {
    return {view: view === '-' ? null : view, path: path === null ? null : decodeURIComponent(path)}
  } catch {
    return {view: null, path: null}
  }
}

/** From where a path is seen, 16 hex digits; null on a system where nothing tells two machines or two sets of mounts apart. */
function viewOf(path: string): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const mounts = readlinkSync('/proc/self/ns/mnt')
    return createHash('sha256')
      .update(`${boot} ${mounts} ${deviceOf(path)}`)
      .digest('hex')
      .slice(0, 16)
  } catch {
    return null
  }
}

/** Of the file system that the path is on, or would be: a home that is not mounted right now has another one. */
function deviceOf(path: string): number {
  try {
    return statSync(path).dev
  } catch (error) {
    if (path === '/' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return deviceOf(dirname(path))
  }
}

function ownerFile(): string {
  return join(stateRoot(), 'owner')
}

function recordOf(lab: string, root: string): string {
  return join(root, 'labs', lab, 'owner')
}

/** Null as well for what is no file: nobody's id stands in it, and of one lab it spoils no other. */
function idIn(file: string): string | null {
  try {
    const id = readKept(file)?.trim() ?? ''
    return idRule.test(id) ? id : null
  } catch (error) {
    if (error instanceof LabError && error.code === 'config') return null
    throw error
  }
}

/** Of two commands that draw at once, the first one's is both's. */
function drawId(): string {
  const draft = `${ownerFile()}.${process.pid}.tmp`
  return whenDiskIsFull(() => {
    makeFolder(stateRoot())
    writeFileSync(draft, `${randomBytes(16).toString('hex')}\n`, {mode: 0o600, flush: true})
    try {
      linkSync(draft, ownerFile())
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft, {force: true})
    }
    const id = idIn(ownerFile())
    if (id !== null) return id
    throw new LabError('setup-failed', `${ownerFile()} holds no owner id`, {hint: shell(`rm ${quoted(ownerFile())}`)})
  })
}
