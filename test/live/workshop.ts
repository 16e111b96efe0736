/** Plays a lesson as somebody would: types nothing at first, a wrong answer before each right one, and what has to be done. */
import {expect} from 'vitest'
import {Docker} from '../../lab/engine/docker.ts'
import {openLab} from '../../lab/state/open.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {lessonCalled, loadLessons} from '../../lab/workshop/index.ts'
import type {Ask, Lesson, Type} from '../../lab/workshop/lesson.ts'
import {loadProgress} from '../../lab/workshop/progress.ts'
import {siteOf, truthOf} from '../../lab/workshop/site.ts'
import type {Value} from '../../lab/workshop/truth.ts'
import {expectExit, expectStatus, pghaLab} from './cli.ts'

export interface PlayedLesson {
  /** All that was printed, with the answers. */
  readonly transcript: string
  readonly wrongAnswers: number
}

/** In a fresh place of the lesson, to its end. @throws when it says anything else than it should, with all that it said. */
export async function playLesson(name: string, lab: string): Promise<PlayedLesson> {
  const lesson = lessonCalled(name, loadLessons())
  await expectExit(0, ['workshop', '--reset', name])
  const running = pghaLab(['workshop', name, '--name', lab], {stdin: 'pipe', all: true, buffer: true})
  const heard = new Heard()
  running.all?.on('data', chunk => heard.add(String(chunk)))
  const learner = new Learner(lesson, lab, heard)
  const ended = running.then(() => null)
  try {
    for (;;) {
      const prompt = await Promise.race([ended, heard.prompt()])
      if (prompt === null) break
      running.stdin?.write(`${await learner.reply(prompt)}\n`)
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

class Heard {
  transcript = ''
  #unseen = ''
  #more = () => {}

  add(text: string): void {
    this.transcript += text
    this.#unseen += text
    this.#more()
  }

  /** What is asked for, once it is all there is to read. */
  async prompt(): Promise<string> {
    for (;;) {
      const found = /\n\[([^\]\n]+)\] $/.exec(this.#unseen)
      if (found !== null) {
        this.#unseen = ''
        return found[1]!
      }
      await new Promise<void>(resolve => {
        this.#more = resolve
      })
    }
  }

  /** Of the part whose page was shown last, from 0. */
  get index(): number {
    const headings = this.transcript.matchAll(/^.+ {2}(\d+)\/\d+(?: {2}phase \d+ of \d+)? [─-]*$/gm)
    return Number([...headings].at(-1)?.[1] ?? 0) - 1
  }
}

class Learner {
  /** The questions that had their wrong answer already. */
  readonly answered = new Set<number>()
  readonly #early = new Set<number>()
  readonly #lesson: Lesson
  readonly #lab: string
  readonly #heard: Heard

  constructor(lesson: Lesson, lab: string, heard: Heard) {
    this.#lesson = lesson
    this.#lab = lab
    this.#heard = heard
  }

  async reply(prompt: string): Promise<string> {
    if (/^Enter goes on/.test(prompt)) return ''
    if (/^yes:/.test(prompt)) return 'yes'
    const {index, transcript} = this.#heard
    const part = this.#lesson.parts[index]
    if (part?.do === 'type') return this.#typed(part, index)
    if (part?.do !== 'ask') throw new Error(`nobody knows what to answer to ${prompt}\n${transcript}`)
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
    const {value} = await truthOf(answer.source, site, null)
    // The same by another way.
    if (answer.source.from === 'lab' && answer.source.fact === 'leader')
      expect(value).toMatchObject({hosts: [await leaderByStatus(this.#lab)]})
    return inWords(value, site.hosts)
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
