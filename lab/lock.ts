/** One command at a time works on a lab. A lock whose process is dead holds nothing. */
import {linkSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {LabError} from './errors.ts'
import {stateRoot, whenDiskIsFull} from './state.ts'

interface Holder {
  readonly pid: number
  /** A pid may come again: the process's start time tells it apart (Linux; elsewhere null). */
  readonly started: string | null
  readonly doing: string
}

/** @throws LabError `busy` that names who holds it. */
export function lockLab(lab: string, doing: string): Disposable {
  const folder = join(stateRoot(), 'locks')
  const file = join(folder, lab)
  const mine: Holder = {pid: process.pid, started: startTime(process.pid), doing}
  const draft = `${file}.${process.pid}`
  whenDiskIsFull(() => {
    mkdirSync(folder, {recursive: true, mode: 0o700})
    writeFileSync(draft, JSON.stringify(mine))
  })
  try {
    for (;;) {
      try {
        linkSync(draft, file) // atomic: the lock appears with its holder's name in it, or not at all
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        const holder = holderOf(file)
        if (holder !== undefined && lives(holder))
          throw new LabError('busy', `lab ${lab} is in use by \`pgha-lab ${holder.doing}\` (pid ${holder.pid})`, {
            hint: 'wait for it, or stop it with Ctrl-C there',
          })
        rmSync(file, {force: true})
      }
    }
  } finally {
    unlinkSync(draft)
  }
  return {
    [Symbol.dispose]() {
      if (holderOf(file)?.pid === process.pid) rmSync(file, {force: true})
    },
  }
}

/** Which command works on the lab right now, e.g. `chaos kill-leader`; null: none. */
export function worksOn(lab: string): {readonly pid: number; readonly doing: string} | null {
  const holder = holderOf(join(stateRoot(), 'locks', lab))
  return holder !== undefined && lives(holder) ? {pid: holder.pid, doing: holder.doing} : null
}

function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined // gone meanwhile, or cut short by a crash: nobody holds it
  }
}

function lives({pid, started}: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return started === null || startTime(pid) === started
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold spaces and brackets. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null // no /proc on this system
  }
}
