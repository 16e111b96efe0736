/** What a rule is: data about one mistake, and how it is found. Adding one is one entry in the table of its family. */

import type {Place} from '../words/place.ts'
import type {Files} from './read/read.ts'

/** Of an error somebody loses writes, or waits for a failover that does not come; a warning works by accident or costs time. */
export const severities = ['error', 'warning', 'advice'] as const
export type Severity = (typeof severities)[number]

/** Where a rule was broken. */
export interface Found {
  readonly place: Place
  /** Why, of this very place; the rule's own words where it is missing. */
  readonly says?: string
  /** What mends this one, where that is known better than for the rule. */
  readonly fix?: string
}

export interface Rule {
  /** Its family and its name: `patroni/timing-rule`. */
  readonly id: string
  readonly severity: Severity
  /** What is wrong and what comes of it, in a sentence without its full stop. */
  readonly about: string
  /** By whose word. */
  readonly source: string
  readonly fix: string
  readonly find: (files: Files) => Iterable<Found>
}

export interface LintFinding {
  readonly rule: Rule
  readonly place: Place
  readonly says: string
  readonly fix: string
}
