/**
 * What can stop us from doing our work, as one table. A verdict is never an error: a lost row is data, see `checks/check.ts`.
 * What the system refuses becomes one too (`system-error.ts`); any other failure is a bug (`cli/crash.ts`).
 */

import {type Hint, sayHint} from './next-step.ts'

/** Exit codes of the command line; what each means is in `exitMeanings`. */
export const exitCodes = {
  passed: 0,
  failed: 1,
  usage: 2,
  lab: 3,
  inconclusive: 4,
  healing: 5,
  /** A bug of ours; 70 is EX_SOFTWARE of sysexits(3). */
  crashed: 70,
  /** It cannot run here, and nothing was tried; 77 is what test runners know for that. */
  skipped: 77,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const

/** In words, for --help, README.md and docs/verdicts.md, which a test holds equal to this. */
export const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  passed: 'passed, or done',
  failed: 'an expectation failed',
  usage: 'wrong usage, or a file with a mistake (file:line:column); nothing was touched',
  lab: 'the lab or this machine could not do its work',
  inconclusive: 'inconclusive: it ran and proves nothing',
  healing: 'what was broken is not mended (wins over every other), or a run that passed left the lab unhealthy',
  crashed: 'a bug of pgha-lab; the message names the file with its report',
  skipped: 'skipped: it cannot run here, and nothing was touched',
  hangup: 'interrupted by SIGHUP, after healing',
  interrupted: 'interrupted by Ctrl-C, after healing',
  terminated: 'interrupted by SIGTERM, after healing',
}

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Each code with the exit code it ends in. */
const codes = {
  /** A file or value the person wrote is wrong; the sentence begins with file:line:column where there is a file. */
  config: exitCodes.usage,
  /** The command line itself is wrong. */
  usage: exitCodes.usage,
  'docker-missing': exitCodes.lab,
  /** The engine is on another machine, and nobody said that this is meant. */
  'remote-engine': exitCodes.usage,
  'setup-failed': exitCodes.lab,
  image: exitCodes.lab,
  'port-taken': exitCodes.lab,
  /** Another network of the engine has the addresses that were chosen for this lab's. */
  'network-taken': exitCodes.lab,
  'disk-full': exitCodes.lab,
  /** The system refused something: a name too long, a file in the way, too many open files. */
  machine: exitCodes.lab,
  /** Another pgha-lab process works on this lab. */
  busy: exitCodes.lab,
  'no-lab': exitCodes.lab,
  /** The lab of this name is somebody else's, or was left by somebody. */
  'not-yours': exitCodes.lab,
  'not-ready': exitCodes.lab,
  /** A selector matched no host. */
  'no-target': exitCodes.lab,
  timeout: exitCodes.lab,
  engine: exitCodes.lab,
  'heal-failed': exitCodes.healing,
  /** This kernel, engine or lab lacks what a fault of the scenario needs. */
  'cannot-run-here': exitCodes.skipped,
  interrupted: exitCodes.interrupted,
  /** A bug of ours. */
  crashed: exitCodes.crashed,
} as const

export type LabErrorCode = keyof typeof codes

/** What a signal that was aborted asks to throw: its own LabError, such as an engine that fell silent, or that it was interrupted. */
export function stopped(reason: unknown, sentence: string): LabError {
  if (reason instanceof LabError && reason.code !== 'interrupted') return reason
  return new LabError('interrupted', sentence, {cause: reason})
}

/** A word of a command, or the value behind an option's `=`; and the words that were meant. */
export interface Slip {
  readonly written: string
  readonly meant: string | readonly string[]
}

/** One clear sentence for a person, and in `hint` the next step. */
export class LabError extends Error {
  readonly code: LabErrorCode
  /** The next step, with commands as anybody would call them. */
  readonly hint: string | undefined
  /** The same as a value, for who knows how the program was called. */
  readonly next: Hint | undefined
  /** What was typed, and what was meant: the same command with that is the next step. Empty: nobody can tell. */
  readonly instead: readonly Slip[]

  constructor(
    code: LabErrorCode,
    sentence: string,
    options: {cause?: unknown; hint?: Hint | undefined; instead?: readonly Slip[] | undefined} = {},
  ) {
    super(sentence, 'cause' in options ? {cause: options.cause} : undefined)
    this.name = 'LabError'
    this.code = code
    this.next = options.hint
    this.instead = options.instead ?? []
    this.hint = options.hint === undefined ? undefined : sayHint(options.hint)
  }

  /** The same, with the place that it is about. */
  at(place: string): LabError {
    return new LabError(this.code, `${place}: ${this.message}`, {cause: this, hint: this.next})
  }

  get exitCode(): ExitCode {
    return codes[this.code]
  }
}
