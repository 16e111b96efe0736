/** Runs a program of the system (apt, docker, mmdebstrap) to its end; one of the two owners of execa, beside lab/stack. */
import {execa} from 'execa'
import {LabError} from '../errors.ts'

export interface Ran {
  /** Its exit code; null when it could not be started, ran out of time or was stopped. */
  readonly code: number | null
  /** There is no such program. */
  readonly absent: boolean
  readonly timedOut: boolean
  /** stdout and stderr as they came, at most the last 400 lines. */
  readonly lines: readonly string[]
}

/** What `run` does, so that a test can stand in for the system. */
export type Run = typeof run

const keptLines = 400

/**
 * stdin is closed. A failure of the program is an answer, not an error; an abort throws `interrupted`.
 * `withinMs` is the limit after which the program gets SIGTERM, and SIGKILL 5 s later.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: {
    withinMs: number
    onLine?: ((line: string) => void) | undefined
    signal?: AbortSignal | undefined
    env?: Readonly<Record<string, string>>
  },
): Promise<Ran> {
  const [file, ...args] = argv
  const lines: string[] = []
  const running = execa(file, args, {
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
    timeout: options.withinMs,
    ...(options.env ? {env: {...options.env}} : {}),
    ...(options.signal ? {cancelSignal: options.signal} : {}),
  })
  for await (const line of running.iterable({from: 'all'})) {
    const text = String(line)
    lines.push(text)
    if (lines.length > keptLines) lines.shift()
    options.onLine?.(text)
  }
  const result = await running
  if (options.signal?.aborted)
    throw new LabError('interrupted', `stopped while ${file} ran`, {cause: options.signal.reason})
  return {
    code: result.exitCode ?? null,
    absent: result.code === 'ENOENT',
    timedOut: result.timedOut,
    lines,
  }
}
