/** A lesson of the workshop, as its file in scenarios/workshop/ says it; `parse.ts` reads one. */
import type {PredictedName} from '../budget/prediction.ts'
import type {FactName} from './facts.ts'
import type {RunValueName} from './run-values.ts'

export interface Lesson {
  /** The file's name without its number: `host-lost`. */
  readonly name: string
  readonly title: string
  /** What one can do or explain after it, in a sentence. */
  readonly about: string
  /** About how long it takes. */
  readonly minutes: number
  /** Which lab it is played on; null: it needs none. */
  readonly lab: NeededLab | null
  readonly parts: readonly Part[]
  /** SHA-256 of the file's text, in hex: of another one the place where somebody stopped means nothing. */
  readonly digest: string
}

/** As `up` takes them; what is left out may be as it is. */
export interface NeededLab {
  readonly topology?: string
  readonly profile?: string
  readonly set: readonly string[]
}

export type Part = Say | Type | Ask | Recall | Phases

/** A page of text, its paragraphs. */
export interface Say {
  readonly do: 'say'
  readonly title: string | null
  readonly paragraphs: readonly string[]
}

/** A command of pgha-lab for one's own shell. */
export interface Type {
  readonly do: 'type'
  /** Behind the program; `{leader}` and other selectors stand for the host that they mean at that moment. */
  readonly words: readonly string[]
  /** What to look at in what it prints; null: nothing is said. */
  readonly look: string | null
  /** All have to hold; empty: nothing in the lab shows whether it was typed, and the question that follows does. */
  readonly done: readonly Condition[]
  readonly hints: readonly string[]
}

/** What the lab, its runs or its cluster show when something was done. */
export type Condition =
  | {readonly run: string}
  | {readonly lab: FactName; readonly is: string | number | boolean}
  | {readonly lab: FactName; readonly changed: true}
  | {readonly query: string; readonly is: string}

export interface Ask {
  readonly do: 'ask'
  readonly asks: string
  /** Under which `recall` finds the answer; null: it is not laid beside anything. */
  readonly name: string | null
  readonly answer: Answer
  /** What is said after a right answer, and after a wrong one beside the reason; null: nothing. */
  readonly why: string | null
  readonly wrong: string | null
  readonly hints: readonly string[]
}

export type Answer =
  | {readonly kind: 'choices'; readonly choices: readonly Choice[]}
  /** `withinPercent` null: a count is exact, and a time may be as far off as people read clocks. */
  | {readonly kind: 'source'; readonly source: Source; readonly withinPercent: number | null}

export interface Choice {
  readonly says: string
  readonly right: boolean
  readonly why: string
}

/** Where the right answer comes from, at the moment when it is asked for. */
export type Source =
  | {readonly from: 'lab'; readonly fact: FactName}
  | {readonly from: 'run'; readonly scenario: string; readonly of: RunValueName}
  | {readonly from: 'model'; readonly fault: PredictedName; readonly of: ModelValue; readonly set: readonly string[]}
  | {readonly from: 'query'; readonly sql: string}
  | {readonly from: 'lesson'; readonly number: number}

/** What of the model: how long clients cannot write, or how long the lease lasts after the fault; all of it, or its least or most. */
export type ModelValue = (typeof modelValues)[number]
export const modelValues = ['outage', 'outage-least', 'outage-most', 'lease', 'margin-least'] as const

/** An earlier answer beside what the model predicts and what a run measured. */
export interface Recall {
  readonly do: 'recall'
  readonly of: string
  readonly run: string
  readonly value: RunValueName
  readonly why: string | null
}

/** A run of one's own, phase by phase: one page each. */
export interface Phases {
  readonly do: 'phases'
  readonly run: string
}
