/** The whole workshop on a terminal, from an empty machine to the certificate, as one person plays it; and a lesson before an audience. */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {type Browser, chromium} from 'playwright-core'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {large} from '../../../cli/render/large.ts'
import {runsFolder} from '../../../lab/state/folders.ts'
import {lessonCalled, loadLessons} from '../../../lab/workshop/index.ts'
import {loadProgress} from '../../../lab/workshop/progress.ts'
import {browserFile} from '../../browser.ts'
import {expectExit} from '../cli.ts'
import {Heard, Learner} from '../workshop.ts'
import {PseudoTerminal} from './pseudo-terminal.ts'

const lab = 'workshop-long'
const lessons = loadLessons()

let machine: string
beforeAll(async () => {
  machine = mkdtempSync(join(tmpdir(), 'workshop-long-'))
  // Nothing is known of any lab or lesson, and nothing of ours is touched.
  vi.stubEnv('XDG_STATE_HOME', join(machine, 'state'))
})
afterAll(async () => {
  await expectExit(0, ['down', '--name', lab])
  vi.unstubAllEnvs()
  rmSync(machine, {recursive: true, force: true})
})

/** Somebody at a terminal, where the workshop has been called. */
class Seat implements AsyncDisposable {
  readonly heard = new Heard()
  readonly terminal: PseudoTerminal
  readonly #recording: Awaited<ReturnType<PseudoTerminal['recording']>>

  constructor(terminal: PseudoTerminal, recording: Awaited<ReturnType<PseudoTerminal['recording']>>) {
    this.terminal = terminal
    this.#recording = recording
  }

  static async at(columns: number, rows: number): Promise<Seat> {
    const terminal = await PseudoTerminal.open(columns, rows, machine)
    return new Seat(terminal, await terminal.recording())
  }

  /** When it has ended there is one more prompt: `it ended with 0`. */
  async call(...words: readonly string[]): Promise<void> {
    const thenSay = '; code=$?; echo; read -rp "[it ended with $code] "'
    await this.terminal.run('workshop', ...words, '--name', lab, thenSay)
  }

  async prompt(withinMs = 600_000): Promise<string> {
    for (const until = performance.now() + withinMs; performance.now() < until; ) {
      this.heard.add(this.#recording.more())
      const prompt = this.heard.prompt()
      if (prompt !== null) return prompt
      await sleep(50)
    }
    throw new Error(`no prompt within ${withinMs / 1000} s:\n${this.heard.transcript.slice(-3000)}`)
  }

  async answer(says: string): Promise<void> {
    if (says !== '') await this.terminal.type(says)
    await this.terminal.press('Enter')
  }

  /** What was shown since the last prompt can be read without scrolling: its heading, if it has one, and its prompt. */
  async expectWhole(prompt: string): Promise<void> {
    const {heading} = this.heard.page ?? {}
    const screen = await this.terminal.until(`[${prompt}]`)
    expect(screen.trimEnd().endsWith(`[${prompt}]`), screen).toBe(true)
    if (heading !== undefined && heading !== this.#shown) expect(screen).toContain(heading)
    this.#shown = heading
  }
  #shown: string | undefined

  async [Symbol.asyncDispose](): Promise<void> {
    this.#recording[Symbol.dispose]()
    await this.terminal[Symbol.asyncDispose]()
  }
}

/** Where somebody leaves, and how: at this page of this lesson, from 0. */
const breaks = [
  {lesson: 'host-lost', index: 6, by: 'quit'},
  {lesson: 'failsafe', index: 3, by: 'Ctrl-C'},
] as const

/** Somebody who reads, types, answers wrongly first, leaves in the middle of two lessons and comes back. @returns wrong answers, by lesson. */
async function playAll(seat: Seat): Promise<ReadonlyMap<string, number>> {
  const learners = new Map(lessons.map(one => [one.title, new Learner(one, lab)]))
  const left = new Set<string>()
  await seat.call()
  for (;;) {
    const prompt = await seat.prompt()
    if (prompt.startsWith('it ended')) {
      expect(prompt, seat.heard.transcript).toBe('it ended with 0')
      return new Map(lessons.map(({name, title}) => [name, learners.get(title)!.answered.size]))
    }
    await seat.expectWhole(prompt)
    const {page} = seat.heard
    const lesson = lessons.find(one => one.title === page?.title)
    const here = breaks.find(one => one.lesson === lesson?.name && one.index === page?.index)
    if (here !== undefined && !left.has(here.lesson)) {
      left.add(here.lesson)
      await leaveAndReturn(seat, here.by, `${lesson!.title}, page ${here.index + 1}/${lesson!.parts.length}`)
      expect(seat.heard.transcript).toContain(
        `You stopped at page ${here.index + 1} of ${lesson!.parts.length}, and go on`,
      )
    } else if (prompt.startsWith('your name')) await seat.answer('Ada')
    else if (prompt.startsWith('Enter goes on')) await seat.answer('')
    else await seat.answer(await learners.get(page?.title ?? lessons[0]!.title)!.reply(prompt, seat.heard))
    // The second half on a larger one.
    if (lesson?.name === 'isolation' && page?.index === 0) await seat.terminal.resize(120, 40)
  }
}

async function leaveAndReturn(seat: Seat, by: 'quit' | 'Ctrl-C', place: string): Promise<void> {
  if (by === 'quit') await seat.answer('quit')
  else await seat.terminal.press('C-c')
  expect(await seat.prompt()).toBe(`it ended with ${by === 'quit' ? 0 : 130}`)
  expect(seat.heard.transcript).toContain(`your place is kept: ${place}`)
  await seat.answer('')
  await seat.call()
  expect(await seat.prompt()).toBe('Enter goes on | quit')
  await seat.answer('')
}

test('somebody who has never seen Patroni is led from an empty machine to a certificate with their own figures', {
  timeout: 3 * 3_600_000,
}, async () => {
  await using seat = await Seat.at(80, 24)
  const wrong = await playAll(seat)
  const {transcript} = seat.heard
  for (const [name, count] of wrong) expect(count, name).toBeGreaterThan(0)
  expect(transcript.match(/Not so\. /g)!.length).toBeGreaterThanOrEqual(
    [...wrong.values()].reduce((sum, one) => sum + one),
  )
  // A machine that was too busy may make a run inconclusive, and the lesson says so; none that it plays may fail.
  expect(transcript).not.toMatch(/^FAILED /m)
  for (const phase of ['LEASE EXPIRY', 'ELECTION', 'PROMOTION', 'FIRST ACKNOWLEDGED WRITE'])
    expect(transcript).toContain(`\n${phase}\n`)
  expect(transcript).toContain(`All ${lessons.length} lessons are done.`)

  const page = readFileSync(join(machine, 'certificate.html'), 'utf8')
  expect(page).toContain('<h1>Ada</h1>')
  expect(page).toContain('has played every lesson')
  const figures = Object.values(loadProgress().lessons).flatMap(one => one.figures)
  expect(figures).toHaveLength(lessons.flatMap(one => one.parts).filter(one => one.do === 'recall').length)
  for (const {run, measured, said} of figures) {
    // Each as the run's own report has it.
    expect(readFileSync(join(runsFolder(lab), run, 'report.txt'), 'utf8')).toContain(measured)
    for (const one of [run, measured, said]) expect(page).toContain(`${one}<`)
  }
  await expectNothingWide(page)
})

async function expectNothingWide(html: string): Promise<void> {
  await using browser: Browser & AsyncDisposable = await chromium.launch({
    executablePath: browserFile(),
    args: ['--no-sandbox'],
  })
  for (const width of [420, 1280]) {
    const page = await browser.newPage({viewport: {width, height: 900}})
    await page.setContent(html)
    const wide = await page.evaluate<string[]>(`[...document.querySelectorAll('*')].flatMap(one =>
      one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 ? [one.tagName] : [])`)
    expect(wide).toEqual([])
    await page.close()
  }
}

test('before an audience a run waits under load until somebody says so, and then each phase is shown large', async () => {
  await using seat = await Seat.at(80, 24)
  const lesson = lessonCalled('host-lost', lessons)
  await expectExit(0, ['workshop', '--reset', lesson.name])
  const learner = new Learner(lesson, lab)
  await seat.call(lesson.name, '--present')
  const seen: string[] = []
  for (;;) {
    const prompt = await seat.prompt()
    if (prompt.startsWith('it ended')) break
    await seat.expectWhole(prompt)
    const {index, heading} = seat.heard.page ?? {index: -1, heading: ''}
    const whole = await seat.terminal.screen()
    // A large one has the page before it, too.
    const screen = whole.slice(Math.max(0, whole.lastIndexOf(heading)))
    const phase = /phase \d of \d ─+\n[\s\S]*\n([A-Z:]+[A-Z: ]*)\n/.exec(screen)?.[1]
    if (prompt === 'Enter breaks it') {
      expectLarge(screen, 'it breaks now', 80)
      expect(screen).toContain('crash: kill host on leader')
      expect(seat.heard.transcript).toMatch(/clients run with [\s\S]*-- steps\n/)
      expect(seat.heard.transcript).not.toContain('FAULT crash')
    } else if (phase !== undefined) {
      const after = /after the fault +(\S+ m?s)\n/.exec(screen)?.[1]
      expectLarge(screen, `${phase} ${after}`, seen.length < 3 ? 80 : 120)
      if (seen.push(phase) === 3) await seat.terminal.resize(120, 40)
    }
    await seat.answer(
      prompt === 'Enter breaks it'
        ? ''
        : lesson.parts[index]?.do === 'type'
          ? 'run'
          : await learner.reply(prompt, seat.heard),
    )
  }
  expect(seen).toEqual(expect.arrayContaining(['LEASE EXPIRY', 'ELECTION', 'PROMOTION', 'FIRST ACKNOWLEDGED WRITE']))
})

/** In letters of five or of three lines, all of it. */
function expectLarge(screen: string, caption: string, columns: number): void {
  const lines = screen.split('\n')
  const shown = [undefined, 10].map(rows => large(caption, {columns, rows, ascii: false}))
  const has = (drawn: readonly string[]) =>
    drawn.length > 0 && lines.some((_, from) => drawn.every((line, index) => lines[from + index]?.trimEnd() === line))
  expect(shown.some(has), `${caption}\n${screen}`).toBe(true)
}
