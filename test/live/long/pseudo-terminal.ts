/** A pseudo-terminal with a shell on it, by tmux: what a person would see, and keys to press. */

import {closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {StringDecoder} from 'node:string_decoder'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {vi} from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')
const main = join(root, 'dist', 'cli', 'main.js')

export class PseudoTerminal implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pgha-lab-tmux-'))

  /** A server of its own, so that nobody's configuration or session is touched. */
  async #tmux(...args: readonly string[]): Promise<string> {
    const {stdout} = await execa('tmux', ['-S', join(this.#folder, 'socket'), '-f', '/dev/null', ...args])
    return stdout
  }

  /** @param folder where the shell is. */
  static async open(columns: number, rows: number, folder = root): Promise<PseudoTerminal> {
    const one = new PseudoTerminal()
    const env = ['-e', 'LC_ALL=C.UTF-8', '-e', 'CI=', '-e', 'PGHA_LAB_SETUP=never']
    const size = ['-x', String(columns), '-y', String(rows)]
    try {
      await one.#tmux('new-session', '-d', ...size, '-c', folder, ...env, 'bash --norc --noprofile')
      await one.until(/[$#]/) // the prompt
    } catch (error) {
      await one[Symbol.asyncDispose]()
      throw error
    }
    return one
  }

  /** Types a command of ours. */
  async run(...words: readonly string[]): Promise<void> {
    await this.type([process.execPath, main, ...words].join(' '))
    await this.press('Enter')
  }

  async type(letters: string): Promise<void> {
    // To tmux a semicolon at the end of a word ends the command.
    await this.#tmux('send-keys', '-l', letters.replace(/;$/, '\\;'))
  }

  /** By tmux's names: Enter, Escape, C-c. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#tmux('send-keys', key)
  }

  /** A program that has just printed its prompt takes over the terminal, and drops what is typed meanwhile. */
  async settled(): Promise<void> {
    for (let before = ''; ; ) {
      await sleep(500)
      const now = await this.screen()
      if (now === before) return
      before = now
    }
  }

  /** Everything that is printed from now on, as it is printed. */
  async recording(): Promise<Recording> {
    const file = join(this.#folder, 'recording')
    writeFileSync(file, '')
    await this.#tmux('pipe-pane', '-O', `cat >> '${file}'`)
    return new Recording(file)
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  async screen(): Promise<string> {
    return await this.#tmux('capture-pane', '-p')
  }

  /** @returns the screen on which it stands. */
  async until(what: string | RegExp, withinMs = 30_000): Promise<string> {
    return await vi.waitFor(
      async () => {
        const screen = await this.screen()
        if (typeof what === 'string' ? screen.includes(what) : what.test(screen)) return screen
        throw new Error(`${what} is not on the screen:\n${screen}`)
      },
      {timeout: withinMs, interval: 100},
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server').catch(() => {})
    rmSync(this.#folder, {recursive: true, force: true})
  }
}

class Recording implements Disposable {
  readonly #file: number
  readonly #decoder = new StringDecoder('utf8')

  constructor(file: string) {
    this.#file = openSync(file, 'r')
  }

  /** What came since it was asked last. */
  more(): string {
    let text = ''
    for (const bytes = Buffer.alloc(65_536); ; ) {
      const read = readSync(this.#file, bytes)
      if (read === 0) return text
      text += this.#decoder.write(bytes.subarray(0, read))
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}
