/**
 * One command at a time works on a lab. The lock is one of the kernel's (fcntl), so it ends with its holder, whatever ends that.
 * Node has no call for it; SQLite takes one on a file for each transaction that may write, and every Node has SQLite. Nothing is
 * ever stored in that file, and nobody removes it: who removes a lock can always remove the next one's.
 */
import {lstatSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {LabError} from '../words/errors.ts'
import {next, quoted, shell} from '../words/next-step.ts'
import {makeFolder, stateRoot, whenDiskIsFull} from './folders.ts'
import {readKept} from './state.ts'

/** Who works on a lab, e.g. {pid: 4711, doing: 'chaos kill-leader'}; nulls when it holds the lock and has not said so yet. */
type Holder = {readonly pid: number; readonly doing: string} | {readonly pid: null; readonly doing: null}

/** Whoever only asks holds the lock for less than this; whoever took it signs within this, unless it is stopped right there. */
const asksForMs = 10
const signsWithinMs = 2000

/** A lock lives as long as its database object, which a caller may forget to keep. */
const held = new Set<DatabaseSync>()

/** @throws LabError `busy` that names who holds it. */
export function lockLab(lab: string, doing: string): Disposable {
  whenDiskIsFull(() => makeFolder(lockFolder()))
  const lock = acquire(lab)
  if (!(lock instanceof DatabaseSync))
    throw new LabError('busy', `lab ${lab} is in use by ${sayHolder(lock)}`, {
      hint: 'wait for it, or stop it with Ctrl-C there',
    })
  held.add(lock)
  const signature = signatureFile(lab)
  const release = () => {
    if (!held.delete(lock)) return
    rmSync(signature, {force: true}) // as long as it is ours
    lock.close()
  }
  try {
    whenDiskIsFull(() => writeFileSync(signature, JSON.stringify({pid: process.pid, doing}), {mode: 0o600}))
  } catch (error) {
    release()
    throw error
  }
  return {[Symbol.dispose]: release}
}

/**
 * Which command works on the lab right now; null: none.
 * @param root the state directory that the lab is kept in.
 */
export function worksOn(lab: string, root = stateRoot()): Holder | null {
  // Without a signature nobody has been holding it for long; most labs are like that, and their locks are left alone.
  if (signed(lab, root) === undefined) return null
  const found = acquire(lab, root)
  if (!(found instanceof DatabaseSync)) return found
  found.close()
  return null
}

/** `pgha-lab chaos kill-leader` (pid 4711) */
export function sayHolder({pid, doing}: Holder): string {
  return pid === null ? 'another command, which has not said which' : `\`pgha-lab ${doing}\` (pid ${pid})`
}

/** The lock, or who has it. */
function acquire(lab: string, root = stateRoot()): DatabaseSync | Holder {
  const file = join(lockFolder(root), `${lab}.lock`)
  const giveUpAt = performance.now() + signsWithinMs
  let lock: DatabaseSync | undefined
  try {
    mustBeFile(file)
    lock = new DatabaseSync(file, {timeout: asksForMs})
    for (;;)
      try {
        lock.exec('BEGIN IMMEDIATE')
        return lock
      } catch (error) {
        if ((error as {errcode?: number}).errcode !== SQLITE_BUSY) throw error
        const holder = signed(lab, root)
        // That of one who was killed is there until the next one signs.
        if (holder !== undefined && lives(holder.pid)) return giveUp(lock, holder)
        if (performance.now() > giveUpAt) return giveUp(lock, {pid: null, doing: null})
      }
  } catch (error) {
    if (lock?.isOpen) lock.close()
    if (error instanceof LabError) throw error
    throw new LabError('setup-failed', `cannot lock ${file}: ${(error as Error).message}`, {
      cause: error,
      hint: 'set XDG_STATE_HOME to a folder of yours, on a disk of this machine that is not full',
    })
  }
}

/** Of a pipe or a device SQLite says only that the disk does not work. */
function mustBeFile(file: string): void {
  const stat = lstatSync(file, {throwIfNoEntry: false})
  if (stat !== undefined && !stat.isFile())
    throw new LabError('setup-failed', `cannot lock ${file}: something that is no file is in the way`, {
      hint: next`to move it away: ${shell(`mv ${quoted(file)} ${quoted(`${file}.old`)}`)}`,
    })
}

/** https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5

function giveUp(lock: DatabaseSync, holder: Holder): Holder {
  lock.close()
  return holder
}

function signed(lab: string, root: string): {pid: number; doing: string} | undefined {
  try {
    const {pid, doing} = JSON.parse(readKept(signatureFile(lab, root)) ?? '')
    return Number.isInteger(pid) && pid > 0 && typeof doing === 'string' ? {pid, doing} : undefined
  } catch {
    return undefined // there is none, or it is being written
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function lockFolder(root = stateRoot()): string {
  return join(root, 'locks')
}

function signatureFile(lab: string, root = stateRoot()): string {
  return join(lockFolder(root), `${lab}.holder`)
}
