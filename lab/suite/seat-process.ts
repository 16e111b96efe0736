/** One process of pgha-lab's command line for all that is done on one lab: it is started once, not for every command. */
import type {ChildProcess} from 'node:child_process'
import {execa} from 'execa'
import {exitCodes} from '../words/errors.ts'
import {type Ended, healsWithinMs, interruptedBefore, type RunChild} from './child.ts'

/** The only word that such a process is started with (`cli/main`, which loads nothing to look for it). */
const seatWord = '--seat'

/** What it is told: the words of one command line. */
export interface SeatOrder {
  readonly words: readonly string[]
}

/** Of what it complains about, when it dies of it. */
const keptComplaints = 100_000
/** Told to end, it has nothing left to do. */
const endsWithinMs = 5000

/** After these something of the command may still be at work, which only the end of its process ends for sure. */
const broke: readonly (number | undefined)[] = [exitCodes.lab, exitCodes.healing, exitCodes.crashed]

/**
 * @param command the program and its first arguments, before `seatWord`.
 * @returns one command at a time; the disposal ends the process. As a child of its own for each command (`childOf`) would: it hears of
 * Ctrl-C through us, once; one that crashes, or has to be killed, ends with its command, and so does one that was interrupted or could
 * not do its work: the next command has a new one.
 */
export function seatProcess(command: readonly [string, ...string[]]): RunChild & AsyncDisposable {
  let live: Live | undefined
  const end = async () => {
    await live?.end()
    live = undefined
  }
  const run: RunChild = async (words, signal, env) => {
    if (signal.aborted) return interruptedBefore
    if (live?.isSpent) await end() // it died with nothing to do
    live ??= new Live(command, env)
    const ended = await live.run(words, signal)
    if (live.isSpent || broke.includes(ended.exitCode)) await end()
    return ended
  }
  return Object.assign(run, {[Symbol.asyncDispose]: end})
}

class Live {
  /** It will not do for another command. */
  isSpent = false
  readonly #process: ChildProcess
  readonly #over: Promise<Ended>
  #complaints = ''

  constructor(command: readonly [string, ...string[]], env: Parameters<RunChild>[2]) {
    const started = start(command, env)
    this.#process = started.nodeChildProcess
    started.stderr.on('data', (words: Buffer) => {
      this.#complaints = (this.#complaints + words.toString()).slice(-keptComplaints)
    })
    this.#process.on('error', () => {}) // it could not be started, or not be told: `#over` says why
    this.#over = started.then(({exitCode, signal, shortMessage}): Ended => {
      this.isSpent = true
      const stderr = this.#complaints.trimEnd()
      if (signal === 'SIGINT') return interruptedBefore
      if (exitCode !== undefined) return {exitCode, stdout: '', stderr}
      const why = signal === undefined ? shortMessage : `it was ended by ${signal}`
      return {exitCode, stdout: '', stderr: `${stderr}\n${why}`}
    })
  }

  async run(words: readonly string[], signal: AbortSignal): Promise<Ended> {
    this.#complaints = ''
    const answered = Promise.withResolvers<Ended>()
    this.#process.once('message', answered.resolve)
    let patience: NodeJS.Timeout | undefined
    const interrupt = () => {
      this.isSpent = true
      this.#process.kill('SIGINT')
      patience = setTimeout(() => this.#process.kill('SIGKILL'), healsWithinMs)
    }
    signal.addEventListener('abort', interrupt, {once: true})
    const order: SeatOrder = {words}
    this.#process.send?.(order)
    try {
      return await Promise.race([answered.promise, this.#over])
    } finally {
      signal.removeEventListener('abort', interrupt)
      clearTimeout(patience)
      this.#process.off('message', answered.resolve)
    }
  }

  /** Its channel broken, it ends. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    const patience = setTimeout(() => this.#process.kill('SIGKILL'), endsWithinMs)
    await this.#over
    clearTimeout(patience)
  }
}

function start([program, ...first]: readonly [string, ...string[]], env: Parameters<RunChild>[2]) {
  return execa(program, [...first, seatWord], {
    detached: true,
    ipc: true,
    serialization: 'json',
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stdout: 'ignore',
    env: {...env, NO_COLOR: '1'},
  })
}
