/** The agent's lines to the runner, in batches: one write per line would cost more than the lines are worth. */
import type {Writable} from 'node:stream'
import type {AgentLine} from './protocol.ts'

/** Every batch wakes the engine, its shim and the runner; no verdict hangs on how soon a line is there, for it carries its time. */
const flushAfterMs = 50
/** A runner that reads nothing for so long must not fill app1's memory. */
const maxWaitingBytes = 32 * 1024 * 1024

export class Output {
  readonly #to: Writable
  #lines: string[] = []
  #flushing: NodeJS.Timeout | undefined

  constructor(to: Writable) {
    this.#to = to
  }

  tell(line: AgentLine): void {
    this.#lines.push(JSON.stringify(line))
    this.#flushing ??= setTimeout(() => this.flush(), flushAfterMs)
  }

  /** For answers that are measured by how quickly they come. */
  tellNow(line: AgentLine): void {
    this.tell(line)
    this.flush()
  }

  flush(): void {
    clearTimeout(this.#flushing)
    this.#flushing = undefined
    if (this.#lines.length === 0) return
    const text = `${this.#lines.join('\n')}\n`
    this.#lines = []
    if (this.#to.writableLength > maxWaitingBytes) throw new Error('the runner does not read what the agent says')
    this.#to.write(text)
  }

  /** Flushes and waits until everything is out. */
  async end(): Promise<void> {
    this.flush()
    await new Promise<void>(resolve => this.#to.write('', () => resolve()))
  }
}
