/** The terminal there is, and what it can show. Ink and React are not loaded for these questions. */
import {WriteStream} from 'node:tty'
import {isUtf8, type Look, lookOf} from './look.ts'

/** Where the screen is drawn and the keys come from. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly look: Look
}

/** Talk goes to stderr, so that stdout is free for data; so does the screen. */
export function terminal(options: {ascii?: boolean | undefined} = {}): Terminal {
  return {stdin: process.stdin, stdout: process.stderr, look: lookOf(options.ascii ?? ascii())}
}

/** Whether a person watches a terminal that can redraw. If not, the plain lines of `plain.ts` are the thing. */
export function hasScreen(
  stdout: {readonly isTTY?: boolean} = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  // Boxes and redrawing lock a screen reader out.
  const isReader = env.INK_SCREEN_READER === 'true'
  return stdout.isTTY === true && env.TERM !== 'dumb' && !env.CI && !isReader
}

/** Only ASCII may be printed: the locale is not UTF-8. */
export function ascii(env: NodeJS.ProcessEnv = process.env): boolean {
  return !isUtf8(env)
}

/** Colours may be used: NO_COLOR, FORCE_COLOR and TERM as Node reads them. */
export function color(stream: {readonly isTTY?: boolean}, env: NodeJS.ProcessEnv = process.env): boolean {
  return (stream.isTTY === true || env.FORCE_COLOR !== undefined) && WriteStream.prototype.getColorDepth(env) > 1
}
