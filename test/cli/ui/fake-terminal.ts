/**
 * A terminal for tests: a stdout of a fixed size that keeps what a person would see, and a stdin to type on. It knows
 * the few control sequences that Ink uses; any other is an error, so that nothing is overlooked.
 */
import {PassThrough, Writable} from 'node:stream'
import {lookOf} from '../../../cli/ui/look.ts'
import type {Terminal} from '../../../cli/ui/terminal.ts'

class Screen extends Writable {
  readonly isTTY = true
  columns: number
  rows: number
  /** Everything that was ever on it, oldest first; what has scrolled away included. */
  readonly lines: string[] = ['']
  cursorShown = true
  #row = 0
  #column = 0
  /** Nothing scrolls out of it, and nothing comes back. */
  #alternate = false

  constructor(columns: number, rows: number) {
    super({decodeStrings: false})
    this.columns = columns
    this.rows = rows
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    for (const [, control, text] of String(chunk).matchAll(/(\x1b\[[?0-9;]*[A-Za-z]|[\n\r])|([^\x1b\n\r]+)/g))
      if (control !== undefined) this.#obey(control)
      else this.#print(text ?? '')
    done()
  }

  /** As xterm has it: what is below a smaller window goes, or what is above where the cursor would be outside. */
  resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    if (this.#alternate) {
      const above = Math.max(0, this.#row - rows + 1)
      this.lines.splice(0, above)
      this.#row -= above
      this.lines.length = Math.min(this.lines.length, rows)
      for (const [row, line] of this.lines.entries()) this.lines[row] = [...line].slice(0, columns).join('')
    }
    this.emit('resize')
  }

  #print(text: string): void {
    const line = [...(this.lines[this.#row] ?? '').padEnd(this.#column)]
    line.splice(this.#column, [...text].length, ...text)
    this.lines[this.#row] = line.join('')
    this.#column += [...text].length
    if (this.#column > this.columns) throw new Error(`wider than ${this.columns} columns: ${this.lines[this.#row]}`)
  }

  #obey(control: string): void {
    const number = Number.parseInt(control.slice(2), 10) || 1
    switch (control.at(-1)) {
      case '\n':
        this.#down(1)
        this.#column = 0
        return
      case '\r':
        this.#column = 0
        return
      case 'A':
        // What has scrolled out of the window can't be reached any more.
        this.#row = Math.max(0, this.lines.length - this.rows, this.#row - number)
        return
      case 'B':
        this.#down(number)
        return
      case 'E':
        this.#down(number)
        this.#column = 0
        return
      case 'G':
        this.#column = number - 1
        return
      case 'C':
        this.#column += number
        return
      case 'K':
        this.lines[this.#row] = control === '\x1b[2K' ? '' : (this.lines[this.#row] ?? '').slice(0, this.#column)
        return
      case 'H':
        this.#row = Math.max(0, this.lines.length - this.rows)
        this.#column = 0
        return
      case 'J':
        this.lines.length = this.#row + 1
        return
      case 'm':
        return
      case 'h':
      case 'l':
        if (control.includes('?1049')) this.#alternate = control.endsWith('h')
        if (control.includes('?25')) this.cursorShown = control.endsWith('h')
        return
      default:
        throw new Error(`what is ${JSON.stringify(control)}?`)
    }
  }

  #down(by: number): void {
    this.#row += by
    while (this.lines.length <= this.#row) this.lines.push('')
  }
}

class Keyboard extends PassThrough {
  readonly isTTY = true
  isRaw = false
  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

export function fakeTerminal(columns: number, rows: number, {ascii = false} = {}) {
  const screen = new Screen(columns, rows)
  const keyboard = new Keyboard()
  return {
    screen,
    keyboard,
    on: {
      stdin: keyboard as unknown as NodeJS.ReadStream,
      stdout: screen as unknown as NodeJS.WriteStream,
      look: lookOf(ascii),
    } satisfies Terminal,
    shows: () => screen.lines.join('\n').trimEnd(),
    resize(toColumns: number, toRows: number) {
      screen.resize(toColumns, toRows)
    },
  }
}
