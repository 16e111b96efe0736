/** The terminal there is, and what it can show. Ink and React are not loaded for these questions. */
import {readFileSync} from 'node:fs'
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

/**
 * Whether this process may set up the terminal and read its keys. One in its background (`timeout`, a job with `&`) is stopped by the kernel
 * when it tries to, and no Ctrl-C reaches it any more.
 * @param stat of Linux, `/proc/self/stat` (proc_pid_stat(5)): its fields 5 and 8 are the group of this process and the one in front. Where
 * there is none, nobody can say, and it is taken to be in front.
 */
export function isInFront(stat: string = ownStat()): boolean {
  // The second field is a name in brackets, which may have blanks and brackets of its own.
  const [, , group, , , front] = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ')
  return group === undefined || front === undefined || group === front
}

function ownStat(): string {
  try {
    return readFileSync('/proc/self/stat', 'latin1')
  } catch {
    return ''
  }
}

/** Whether a person watches a terminal that can redraw. If not, the plain lines of `plain.ts` are the thing. */
export function hasScreen(
  stdout: {readonly isTTY?: boolean} = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
  inFront: () => boolean = isInFront,
): boolean {
  // Boxes and redrawing lock a screen reader out.
  const isReader = env.INK_SCREEN_READER === 'true'
  return stdout.isTTY === true && env.TERM !== 'dumb' && !env.CI && !isReader && inFront()
}

/** Only ASCII may be printed: the locale is not UTF-8. */
export function ascii(env: NodeJS.ProcessEnv = process.env): boolean {
  return !isUtf8(env)
}

/** Colours may be used: NO_COLOR, FORCE_COLOR and TERM as Node reads them. */
export function color(stream: {readonly isTTY?: boolean}, env: NodeJS.ProcessEnv = process.env): boolean {
  return (stream.isTTY === true || env.FORCE_COLOR !== undefined) && WriteStream.prototype.getColorDepth(env) > 1
}
