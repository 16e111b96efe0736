/** How text is to look on this stdout. */
import type {TextOptions} from './render/layout.ts'

/** What goes through a pipe is read at the terminal that the talk goes to, if there is one. */
export async function textOptions(): Promise<Required<TextOptions>> {
  const {ascii, color} = await import('./ui/terminal.ts')
  return {
    color: color(process.stdout),
    ascii: ascii(),
    width: process.stdout.columns ?? process.stderr.columns ?? (Number(process.env.COLUMNS) || 100),
  }
}
