/** A file of a person, for as long as a test needs it. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

export function fileWith(text: string, name = 'lab.yaml'): Disposable & {path: string; write(text: string): void} {
  const folder = mkdtempSync(join(tmpdir(), 'file-'))
  const path = join(folder, name)
  const write = (now: string) => writeFileSync(path, now)
  write(text)
  return {path, write, [Symbol.dispose]: () => rmSync(folder, {recursive: true})}
}
