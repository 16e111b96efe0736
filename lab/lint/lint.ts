/** Every rule over the files of a cluster. Without Docker, and without asking any of its machines. */

import {sayPlace} from '../words/place.ts'
import {printable} from '../words/printable.ts'
import type {Files} from './read/read.ts'
import {type LintFinding, type Rule, severities} from './rule.ts'
import {rules} from './rules/index.ts'

/** Of one rule no more are told: whoever has so many mends them all in the same way. */
const mostOfEach = 100

export interface Linted {
  /** Errors first, then by place. Each text is printable. */
  readonly findings: readonly LintFinding[]
  /** How many more there are, of rules that are broken very often. */
  readonly more: number
  /** What the files cannot tell, and where it is. */
  readonly notes: readonly string[]
}

export function lint(files: Files): Linted {
  const byRule = rules.map(rule => found(rule, files))
  const findings = byRule.flatMap(all => all.slice(0, mostOfEach)).toSorted(byWeight)
  return {
    findings,
    more: byRule.reduce((sum, all) => sum + Math.max(0, all.length - mostOfEach), 0),
    notes: notesOn(files),
  }
}

/** One place once: what is inherited by several proxies stands in the file once. */
function found(rule: Rule, files: Files): readonly LintFinding[] {
  const seen = new Set<string>()
  return [...rule.find(files)].flatMap(({place, says = rule.about, fix = rule.fix}) => {
    const key = `${sayPlace(place)} ${says}`
    if (seen.has(key)) return []
    seen.add(key)
    return [{rule, place, says: printable(says), fix: printable(fix)}]
  })
}

function byWeight(a: LintFinding, b: LintFinding): number {
  const weight = severities.indexOf(a.rule.severity) - severities.indexOf(b.rule.severity)
  const file = a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : 0
  return weight || file || a.place.line - b.place.line || a.place.column - b.place.column
}

function notesOn({patroni, dynamic}: Files): readonly string[] {
  if (dynamic.length > 0 || !patroni.some(({dcs}) => dcs !== undefined)) return []
  return [
    'bootstrap.dcs is read once, when a cluster begins: what yours runs with is the output of patronictl show-config; save it in a file and name that too',
  ]
}
