/** Runs a program of the system (apt, docker, mmdebstrap) to its end; one of the two owners of execa, beside lab/engine/stack. */
import {execa} from 'execa'
import {stopped} from '../words/errors.ts'

export interface Ran {
  /** Its exit code; null when it could not be started, ran out of time or was stopped. */
  readonly code: number | null
  /** There is no such program. */
  readonly absent: boolean
  readonly timedOut: boolean
  /** It was ended because it had said nothing for as long as `silentMs` allows. */
  readonly wentSilent?: boolean
  /** stdout and stderr as they came, at most the last 400 lines. */
  readonly lines: readonly string[]
}

const keptLines = 400

/**
 * stdin is closed. A failure of the program is an answer, not an error; an abort throws `interrupted`, or its own LabError.
 * `withinMs` is the limit after which the program and what it has started get SIGTERM, and SIGKILL 5 s later; `silentMs`
 * that of one that has to say something from time to time.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: {
    withinMs: number
    silentMs?: number
    onLine?: ((line: string) => void) | undefined
    signal?: AbortSignal | undefined
    /** Beside what this process has; undefined takes one away. */
    env?: Readonly<Record<string, string | undefined>>
  },
): Promise<Ran> {
  const [file, ...args] = argv
  const lines: string[] = []
  const silence = new AbortController()
  const {signal, silentMs} = options
  const impatience = silentMs === undefined ? undefined : setTimeout(() => silence.abort(), silentMs)
  const running = execa(file, args, {
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
    timeout: options.withinMs,
    // A plugin of docker's holds our end of the pipe as well: nobody may be left who could keep us waiting.
    killDescendants: true,
    ...(options.env ? {env: {...options.env}} : {}),
    cancelSignal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
  })
  for await (const line of running.iterable({from: 'all'})) {
    const text = String(line)
    impatience?.refresh()
    lines.push(text)
    if (lines.length > keptLines) lines.shift()
    options.onLine?.(text)
  }
  const result = await running
  clearTimeout(impatience)
  if (signal?.aborted) throw stopped(signal.reason, `stopped while ${file} ran`)
  return {
    code: result.exitCode ?? null,
    absent: result.code === 'ENOENT',
    timedOut: result.timedOut,
    wentSilent: silence.signal.aborted,
    lines,
  }
}
