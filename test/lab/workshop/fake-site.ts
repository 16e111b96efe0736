/** A lab of values, and a stage whose answers are known beforehand. */
import {LabError} from '../../../lab/words/errors.ts'
import type {FactName} from '../../../lab/workshop/facts.ts'
import type {Lesson} from '../../../lab/workshop/lesson.ts'
import {parseLesson} from '../../../lab/workshop/parse.ts'
import type {Played} from '../../../lab/workshop/run-values.ts'
import type {Site} from '../../../lab/workshop/site.ts'
import {Left, type Page, type Stage} from '../../../lab/workshop/stage.ts'
import {hosts, seconds, type Truth} from '../../../lab/workshop/truth.ts'

export class FakeSite implements Site {
  readonly lab = 'fake'
  readonly hosts = ['node1', 'node2', 'node3', 'proxy1', 'app1']
  readonly facts = new Map<FactName, Truth>([
    ['leader', hosts(['node1'], 'node1 leads right now')],
    ['replicas', hosts(['node2', 'node3'], 'node1 leads, and node2 and node3 follow')],
  ])
  readonly runs = new Map<string, Played>()
  /** Since when a run was asked for. */
  readonly asked: (Date | null)[] = []

  fact(name: FactName): Promise<Truth> {
    const truth = this.facts.get(name)
    return truth === undefined
      ? Promise.reject(new LabError('not-ready', `nobody tells ${name}`))
      : Promise.resolve(truth)
  }

  run(scenario: string, since: Date | null): Promise<Played | string> {
    this.asked.push(since)
    return Promise.resolve(this.runs.get(scenario) ?? `lab fake has no run of ${scenario} yet`)
  }

  query(): Promise<string> {
    return Promise.resolve('1')
  }

  predicted(_: Parameters<Site['predicted']>[0]): Truth {
    return seconds(19, 24.9, 'the model says 19.00 s to 24.90 s')
  }

  host(selector: string): Promise<string> {
    return Promise.resolve(selector === 'leader' ? 'node1' : 'node2')
  }
}

export class FakeStage implements Stage {
  readonly pages: Page[] = []
  readonly told: string[] = []
  readonly prompts: string[] = []
  readonly performed: (readonly string[])[] = []
  readonly #answers: string[]
  /** What a command does to the lab. */
  readonly #does: (words: readonly string[]) => void

  constructor(answers: readonly string[], does: (words: readonly string[]) => void = () => {}) {
    this.#answers = [...answers]
    this.#does = does
  }

  show(page: Page): void {
    this.pages.push(page)
  }

  tell(says: string): void {
    this.told.push(says)
  }

  answer(prompt: string): Promise<string> {
    this.prompts.push(prompt)
    const next = this.#answers.shift()
    return next === undefined ? Promise.reject(new Left('ended')) : Promise.resolve(next)
  }

  perform(words: readonly string[]): Promise<number> {
    this.performed.push(words)
    this.#does(words)
    return Promise.resolve(0)
  }

  get unused(): readonly string[] {
    return this.#answers
  }
}

export function lessonOf(parts: string): Lesson {
  return parseLesson(
    '01-mine.yaml',
    `title: Mine\nabout: What one can do after it.\nminutes: 5\nlab: {}\nparts:\n${parts}`,
  )
}
