/** Progress of long work: a live list on a terminal, plain lines elsewhere. Ink is never loaded without a terminal. */
import type {Progress} from '../lab/index.ts'
import {isQuiet, tell} from './output.ts'
import {hasScreen} from './ui/terminal.ts'

export async function showProgress(plain = false): Promise<{progress: Progress; done(): Promise<void>}> {
  if (isQuiet()) return {progress: () => {}, done: async () => {}}
  if (hasScreen() && !plain) return (await import('./ui/screen.tsx')).showProgress()
  const {plainProgress} = await import('./ui/plain.ts')
  return {progress: plainProgress(text => tell(text)), done: async () => {}}
}
