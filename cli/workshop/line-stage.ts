/** The workshop on a terminal, in plain lines; and in a pipe, where each line is an answer. */
import {createInterface} from 'node:readline'
import type {OwnCommand} from '../../lab/inside/start.ts'
import {Left, type Page, type Stage} from '../../lab/inside/workshop.ts'
import {caller} from '../called-as.ts'
import {print} from '../output.ts'
import {type PageLook, renderPage, renderTold} from '../render/workshop.ts'

interface LineStageOptions {
  /** As the terminal is when it is asked: it may be resized. */
  readonly look: () => PageLook
  readonly signal: AbortSignal
  /** On which lab a command is played. */
  readonly own: (words: readonly string[]) => OwnCommand
  readonly run: (words: readonly string[]) => Promise<number>
  /** For an audience a scenario pauses before it breaks anything. */
  readonly presentRun: (scenario: string, pause: (says: string) => Promise<void>) => Promise<number>
  readonly input?: NodeJS.ReadableStream & {readonly isTTY?: boolean}
}

export class LineStage implements Stage, Disposable {
  readonly #options: LineStageOptions
  readonly #lines: ReturnType<typeof createInterface>
  readonly #coming: AsyncIterator<string>
  readonly #interrupted: Promise<never>
  readonly #isTyped: boolean

  constructor(options: LineStageOptions) {
    const {input = process.stdin, signal} = options
    this.#options = options
    this.#isTyped = input.isTTY === true
    this.#lines = createInterface({input, terminal: false})
    this.#coming = this.#lines[Symbol.asyncIterator]()
    const {promise, reject} = Promise.withResolvers<never>()
    promise.catch(() => {})
    if (signal.aborted) reject(new Left('interrupted'))
    signal.addEventListener('abort', () => reject(new Left('interrupted')), {once: true})
    this.#interrupted = promise
  }

  show(page: Page): void {
    const commands = (page.commands ?? []).map(words => this.#options.own(words).says(caller()))
    print(`\n${renderPage(page, commands, this.#options.look())}\n`)
  }

  tell(says: string): void {
    print(`${renderTold(says, this.#options.look().width)}\n`)
  }

  async answer(prompt: string): Promise<string> {
    print(`\n[${prompt}] `)
    const {value, done} = await Promise.race([this.#coming.next(), this.#interrupted])
    if (done === true) {
      print('\n')
      throw new Left('ended')
    }
    // What comes through a pipe is echoed by nobody.
    if (!this.#isTyped) print(`${value}\n`)
    return value
  }

  async perform(words: readonly string[]): Promise<number> {
    const {own, run, presentRun, look, signal} = this.#options
    print(`\n$ ${own(words).says(caller())}\n`)
    const [command, scenario, ...more] = words
    const code =
      look().present && command === 'chaos' && scenario !== undefined && more.length === 0
        ? await presentRun(scenario, says => this.#pause(scenario, says))
        : await run(own(words).unquoted(caller()))
    if (signal.aborted) throw new Left('interrupted')
    print('\n')
    return code
  }

  async #pause(scenario: string, says: string): Promise<void> {
    this.show({
      heading: `${scenario}  it breaks now`,
      caption: 'it breaks now',
      paragraphs: [says, 'Clients are writing all the time.'],
    })
    await this.answer('Enter breaks it')
  }

  [Symbol.dispose](): void {
    this.#lines.close()
  }
}
