/** How text is to look on this stdout. */
import type {TextOptions} from './render/text.ts'

export async function textOptions(): Promise<Required<TextOptions>> {
  const {ascii, color} = await import('./ui/terminal.ts')
  return {color: color(process.stdout), ascii: ascii(), width: process.stdout.columns ?? 100}
}
