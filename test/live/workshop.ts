/** Plays lessons as somebody would: types nothing at first, a wrong answer before each right one, and what has to be done. */
import {stripVTControlCharacters} from 'node:util'
import {expect} from 'vitest'
import {Docker} from '../../lab/engine/docker.ts'
import {openLab} from '../../lab/state/open.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {lessonCalled, loadLessons} from '../../lab/workshop/index.ts'
import type {Ask, Lesson, Source, Type} from '../../lab/workshop/lesson.ts'
import {loadProgress} from '../../lab/workshop/progress.ts'
import {type Site, siteOf, truthOf} from '../../lab/workshop/site.ts'
import type {Truth, Value} from '../../lab/workshop/truth.ts'
import {expectExit, expectStatus, pghaLab} from './cli.ts'

interface PlayedLesson {
  /** All that was printed, with the answers. */
  readonly transcript: string
  readonly wrongAnswers: number
}

/** In a fresh place of the lesson, through a pipe, to its end. @throws when it says anything else than it should, with all that it said. */
export async function playLesson(name: string, lab: string): Promise<PlayedLesson> {
  const lesson = lessonCalled(name, loadLessons())
  await expectExit(0, ['workshop', '--reset', name])
  const running = pghaLab(['workshop', name, '--name', lab], {stdin: 'pipe', all: true, buffer: true})
  const heard = new Heard()
  const {promise: ended, resolve: end} = Promise.withResolvers<null>()
  let more = () => {}
  running.all?.on('data', chunk => {
    heard.add(String(chunk))
    more()
  })
  void running.then(() => end(null))
  const prompted = async () => {
    for (;;) {
      const prompt = heard.prompt()
      if (prompt !== null) return prompt
      await new Promise<void>(resolve => {
        more = resolve
      })
    }
  }
  const learner = new Learner(lesson, lab)
  try {
    for (;;) {
      const prompt = await Promise.race([ended, prompted()])
      if (prompt === null) break
      running.stdin?.write(`${await learner.reply(prompt, heard)}\n`)
    }
  } finally {
    running.kill()
  }
  const {exitCode} = await running
  const told = `${name} ended with ${exitCode}\n${heard.transcript}`
  expect(exitCode, told).toBe(0)
  expect(loadProgress().lessons[name]?.finishedAt, told).not.toBeNull()
  return {transcript: heard.transcript, wrongAnswers: learner.answered.size}
}

/** What the workshop has printed, on a pipe or on a terminal. */
export class Heard {
  #before = ''
  #unseen = ''

  add(text: string): void {
    this.#unseen += text
  }

  /** All of it, without what only a terminal reads. */
  get transcript(): string {
    return `${this.#before}${plain(this.#unseen)}`
  }

  /** What is asked for, once it is all there is to read; the same one is not told again. */
  prompt(): string | null {
    // A line of a run begins with its time: `[+1.23 s] `.
    const found = /\n\[([^\]\n+][^\]\n]*)\] $/.exec(plain(this.#unseen))
    if (found === null) return null
    this.#before += plain(this.#unseen)
    this.#unseen = ''
    return found[1]!
  }

  /** The page that was shown last: `A host is lost`, and of which part it is, from 0; null before the first. */
  get page(): {readonly title: string; readonly index: number; readonly heading: string} | null {
    const headings = this.transcript.matchAll(/^((.+) {2}(\d+)\/\d+(?: {2}phase \d+ of \d+)?) [─-]*$/gm)
    const [, heading, title, number] = [...headings].at(-1) ?? []
    return title === undefined ? null : {title, index: Number(number) - 1, heading: heading!}
  }
}

function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\r\n', '\n').replaceAll('\r', '')
}

/** Of one lesson. */
export class Learner {
  /** The questions that had their wrong answer already. */
  readonly answered = new Set<number>()
  readonly #early = new Set<number>()
  readonly #lesson: Lesson
  readonly #lab: string

  constructor(lesson: Lesson, lab: string) {
    this.#lesson = lesson
    this.#lab = lab
  }

  async reply(prompt: string, heard: Heard): Promise<string> {
    if (/^Enter goes on/.test(prompt)) return ''
    if (/^yes:/.test(prompt)) return 'yes'
    const index = heard.page?.index ?? -1
    const part = this.#lesson.parts[index]
    if (part?.do === 'type') return this.#typed(part, index)
    if (part?.do !== 'ask') throw new Error(`nobody knows what to answer to ${prompt}\n${heard.transcript}`)
    const isRight = this.answered.has(index)
    this.answered.add(index)
    const answers = await this.#answersTo(part)
    return isRight ? answers.right : answers.wrong
  }

  /** First it is only said to be done, where that must show. */
  #typed({done}: Type, index: number): string {
    if (this.#early.has(index) || !done.some(one => 'run' in one || 'changed' in one)) return 'run'
    this.#early.add(index)
    return ''
  }

  async #answersTo({answer}: Ask): Promise<{right: string; wrong: string}> {
    if (answer.kind === 'choices') {
      const right = answer.choices.findIndex(one => one.right)
      return {right: 'abcdef'[right]!, wrong: 'abcdef'[right === 0 ? 1 : 0]!}
    }
    if (this.#lesson.lab === null) {
      const site = siteOf(null, this.#lab, loadTopology({}))
      return inWords((await truthOf(answer.source, site, null)).value, [])
    }
    await using open = openLab(new Docker(), this.#lab)
    const site = siteOf(open, this.#lab, open.topology)
    const {value} = await this.#told(answer.source, site)
    // The same by another way.
    if (answer.source.from === 'lab' && answer.source.fact === 'leader')
      expect(value).toMatchObject({hosts: [await leaderByStatus(this.#lab)]})
    return inWords(value, site.hosts)
  }

  /** A run that proves nothing, as on a busy machine, tells nothing either: it is played again in one's own shell, as the lesson says. */
  async #told(source: Source, site: Site): Promise<Truth> {
    for (let played = 0; ; played++) {
      try {
        return await truthOf(source, site, null)
      } catch (error) {
        if (source.from !== 'run' || played === 2) throw error
        const words = this.#lesson.parts.flatMap(part =>
          part.do === 'type' && part.done.some(one => 'run' in one && one.run === source.scenario) ? [part.words] : [],
        )
        const {exitCode, stdout} = await pghaLab([...words[0]!, '--name', this.#lab])
        expect([0, 4], String(stdout)).toContain(exitCode)
      }
    }
  }
}

/** A busy machine may leave a question unanswered. */
async function leaderByStatus(lab: string): Promise<string> {
  for (let tries = 0; tries < 10; tries++) {
    const {out} = await expectStatus(['--name', lab, '--json'])
    const {leader} = JSON.parse(out) as {leader: string | null}
    if (leader !== null) return leader
  }
  throw new Error(`status names no leader of ${lab}`)
}

function inWords(value: Value, hosts: readonly string[]): {right: string; wrong: string} {
  switch (value.kind) {
    case 'hosts':
      return {right: value.hosts[0]!, wrong: hosts.find(one => !value.hosts.includes(one))!}
    case 'number':
      return {
        right: String(Number(((value.least + value.most) / 2).toFixed(3))),
        wrong: String(Math.ceil(value.most * 3 + 7)),
      }
    case 'word':
      return {right: value.word, wrong: 'nonsense'}
    case 'yes':
      return value.yes ? {right: 'yes', wrong: 'no'} : {right: 'no', wrong: 'yes'}
  }
}
