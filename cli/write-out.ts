/** Where the product of a command goes: stdout, or the file that a person named. */
import {writeFileSync} from 'node:fs'
import {LabError} from '../lab/inside/start.ts'
import {printData} from './output.ts'

/**
 * @param hint what to do instead, by the options of the command: most have --out.
 * @throws LabError `setup-failed` when the file cannot be written.
 */
export function writeOut(
  text: string,
  file: string | undefined,
  hint = 'name a file in a folder of yours, or leave out --out and redirect stdout',
): void {
  if (file === undefined) {
    printData(text)
    return
  }
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new LabError('setup-failed', `cannot write ${file}: ${(error as Error).message}`, {
      cause: error,
      hint,
    })
  }
}
