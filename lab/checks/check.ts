/** What a check is, and what it finds. */
import type {Phase} from '../budget/index.ts'
import type {Event, Of} from '../history/event.ts'
import type {Failover} from '../history/failover.ts'
import type {History} from '../history/history.ts'
import {showLost} from '../history/lost.ts'
import type {Witness} from '../history/tellers.ts'
import type {Hint} from '../words/next-step.ts'
import type {Micros} from '../words/quantity.ts'
import type {Unit} from '../words/unit.ts'

/** Shown to people as passed, failed and inconclusive. */
export type Verdict = 'pass' | 'fail' | 'unknown'

/** What a check found. No evidence is `unknown`, never `pass`. */
export interface Finding {
  readonly verdict: Verdict
  /** One sentence: what was expected and what was seen. */
  readonly says: string
  readonly measures?: Readonly<Record<string, number | string | null>>
  /** The same measures of each of several things: one row a client, say. */
  readonly rows?: readonly Readonly<Record<string, number | string | null>>[]
  /** Rows to show beside each other, e.g. the phases of a failover against the model. */
  readonly phases?: readonly PhaseRow[]
  /** The few events that prove it. */
  readonly evidence?: readonly Event[]
  /** What to try, when it failed. */
  readonly hint?: Hint
  /** It failed only because something has not come, which a longer record might hold. Not in a report. */
  readonly pending?: boolean
}

/** One phase of a failover, or of a virtual address that moves; times are micros after the fault. */
export interface PhaseRow {
  readonly phase: Phase
  /** What it is called. */
  readonly name: string
  readonly measured: Micros | null
  readonly predicted: readonly [Micros, Micros] | null
  /** Time since what it waits for, and what the model allows for that: where the seconds went. */
  readonly took?: Micros | null
  /** What that is, as a rule not the row above: another phase, or the fault. */
  readonly after?: Phase | 'fault'
  readonly allowed?: readonly [Micros, Micros] | null
  /** It was seen before the phase that it waits for, which is only looked at now and then: they lie at most so far apart, and `took` is 0. */
  readonly apart?: Micros
  readonly verdict: Verdict
  /** How it is known, or why it is not. */
  readonly says: string
}

/** A pure function over the history: it performs nothing and knows no clock. */
export interface Check<P> extends Unit<P> {
  /** Whose word decides it, besides those who show what became of the fault (`witnessesOf`): what anybody else missed changes nothing. */
  readonly evidence: readonly Witness[]
  /**
   * Where its claim is about what a fault brought about: of one that did not take hold it finds nothing out. `of-leader`: about the fault
   * that struck the leader. `calm`: that something did not come of it; what came all the same is the cluster's. Left out: it holds of
   * the cluster, whatever was done to it.
   */
  readonly ofFault?: 'any' | 'of-leader' | 'calm'
  /**
   * It is asked of each cluster of the lab by itself, as that one lived it, and the worst of what it finds decides. Left out: once, with
   * every server before its eyes and the leader key of the first (`firstView`).
   */
  readonly ofEach?: 'cluster'
  /** What a log tells of a promotion without the key, as far as that contradicts a pass of this very claim; null: nothing does. */
  contradiction?(history: History, params: P): Contradiction | null
  judge(history: History, params: P): Finding
}

/** All whose word a finding of it may hang on: its own, and where its claim is about a fault, those who show that that was lost. */
export function witnessesOf({evidence, ofFault}: Pick<Check<never>, 'evidence' | 'ofFault'>): ReadonlySet<Witness> {
  return new Set([...evidence, ...(ofFault === undefined ? [] : showLost)])
}

/** A promotion that only a log tells of: `fail` where it is what must not be, `unknown` where nobody knows what came of it. */
export interface Contradiction {
  readonly sign: Of<'log'>
  readonly verdict: 'fail' | 'unknown'
}

/** fail > unknown > pass. */
export function merge(verdicts: Iterable<Verdict>): Verdict {
  const all = new Set(verdicts)
  if (all.has('fail')) return 'fail'
  return all.has('unknown') || all.size === 0 ? 'unknown' : 'pass'
}

/**
 * What a check found out about each of several failovers of one run, as one finding: the worst decides, and each says which fault it
 * is about. Measures are those of the one that decides, of several that passed the one that took longest by `longest`; its phases
 * come first, so that whoever looks for one finds that of the same failover.
 */
export function together(
  all: readonly [Failover, ...Failover[]],
  findings: readonly Finding[],
  longest: string = 'totalMicros',
): Finding {
  if (findings.length === 1) return findings[0]!
  const verdict = merge(findings.map(one => one.verdict))
  const deciding = findings
    .filter(one => one.verdict === verdict)
    .toSorted((a, b) => Number(b.measures?.[longest] ?? 0) - Number(a.measures?.[longest] ?? 0))
  const named = findings.map((one, index) => ({one, id: all[index]!.fault.id}))
  const measured = named.toSorted((a, b) => Number(b.one === deciding[0]) - Number(a.one === deciding[0]))
  const pending = deciding.every(one => one.pending)
  return {
    ...deciding[0]!,
    verdict,
    says: named
      .filter(({one}) => one.verdict === verdict)
      .map(({one, id}) => `${id}: ${one.says}`)
      .join(' '),
    ...(findings.some(one => one.rows)
      ? {rows: named.flatMap(({one, id}) => (one.rows ?? []).map(row => ({fault: id, ...row})))}
      : {}),
    ...(findings.some(one => one.phases)
      ? {
          phases: measured.flatMap(({one, id}) =>
            (one.phases ?? []).map(row => ({...row, name: `${id}: ${row.name}`})),
          ),
        }
      : {}),
    evidence: findings.flatMap(one => one.evidence ?? []),
    ...(pending ? {pending} : {}),
  }
}
