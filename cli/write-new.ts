/** Files of a person's own: none is written over without being told, and of several all or none. */
import {existsSync, writeFileSync} from 'node:fs'
import {dirname, resolve} from 'node:path'
import {LabError, makeFolder} from '../lab/inside/start.ts'

export interface Page {
  readonly file: string
  readonly text: string
}

/** @throws LabError `usage` when one is there; `setup-failed` when one cannot be written. */
export function writeNew(pages: readonly Page[], force: boolean): void {
  const there = pages.filter(({file}) => existsSync(file)).map(({file}) => file)
  if (there.length > 0 && !force)
    throw new LabError('usage', `${there[0]} is there already; nothing was written`, {
      hint: 'name another file with --out, or say --force to write over it',
    })
  for (const {file, text} of pages) {
    try {
      makeFolder(dirname(resolve(file)))
      // Redacted or not, it is nobody else's.
      writeFileSync(file, text, {mode: 0o600})
    } catch (error) {
      throw new LabError('setup-failed', `cannot write ${file}: ${(error as Error).message}`, {cause: error})
    }
  }
}
