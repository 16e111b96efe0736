/** `chaos --step`: the run waits before each step until a person lets it go on. */
import type {BeforeStep} from '../lab/index.ts'
import {LabError, stopped} from '../lab/inside/start.ts'

export class StepPause {
  readonly #sayStep: (step: Parameters<BeforeStep>[0]) => string
  readonly #signal: AbortSignal
  #waiting: {readonly says: string; go(): void} | null = null
  /** Told when it begins to wait. */
  onWait: (says: string) => void = () => {}

  /** @param signal ends the waiting, and with it the run. */
  constructor(sayStep: (step: Parameters<BeforeStep>[0]) => string, signal: AbortSignal) {
    this.#sayStep = sayStep
    this.#signal = signal
  }

  /** The step that is waited before; null: nobody waits. */
  get says(): string | null {
    return this.#waiting?.says ?? null
  }

  goOn(): void {
    this.#waiting?.go()
  }

  readonly before: BeforeStep = async (step, index) => {
    const says = `step ${index + 1}: ${this.#sayStep(step)}`
    const {promise, resolve, reject} = Promise.withResolvers<void>()
    const stop = () => reject(stopped(this.#signal.reason, 'interrupted'))
    this.#signal.addEventListener('abort', stop, {once: true})
    if (this.#signal.aborted) stop()
    this.#waiting = {says, go: resolve}
    this.onWait(says)
    try {
      await promise
    } finally {
      this.#waiting = null
      this.#signal.removeEventListener('abort', stop)
    }
  }
}

/** Where there is no screen: each line that is entered lets it go on. */
export async function goOnByLines(
  pause: StepPause,
  input: NodeJS.ReadableStream,
  tell: (line: string) => void,
): Promise<void> {
  const {createInterface} = await import('node:readline')
  pause.onWait = says => tell(`paused before ${says}; enter goes on\n`)
  createInterface({input, terminal: false}).on('line', () => pause.goOn())
}

/** @throws LabError `usage` where nobody could let it go on. */
export function mustHaveKeys(stdin: {readonly isTTY?: boolean} = process.stdin): void {
  if (stdin.isTTY !== true)
    throw new LabError('usage', '--step waits before each step for a key, and stdin is no terminal')
}
