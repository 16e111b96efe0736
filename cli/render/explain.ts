/** A finding as a person needs it who has to do something about it: expected, seen, the events that prove it, what to try. */

import type {Event, Micros, Report} from '../../lab/index.ts'
import type {PhaseRow} from '../../lab/inside/reading.ts'
import {checks} from '../../lab/inside/reading.ts'
import {sayEvidence} from './say-event.ts'

export type ReportFinding = Report['findings'][number]

interface Proof {
  readonly at: Micros
  readonly says: string
}

interface Explained {
  readonly expected: string
  readonly seen: string
  /** At most three, in the order of time. */
  readonly proof: readonly Proof[]
  /** How many more events report.json names. */
  readonly more: number
  readonly hint: string
  /** Commands that can be pasted, each for a line of its own. */
  readonly next: readonly string[]
}

/** To be told one by one: what nobody knows of a run that did not come to its end is told once, with its end. */
export function isTold({verdict}: ReportFinding, {ended}: Report): boolean {
  return ended === null || verdict !== 'unknown'
}

/** What such a run has not seen of a failover is no row of its table. */
export function isPhaseTold({verdict}: PhaseRow, {ended}: Report): boolean {
  return ended === null || verdict !== 'unknown'
}

export function phasesIn(report: Report): readonly PhaseRow[] {
  return report.findings.flatMap(({phases = []}) => phases.filter(row => isPhaseTold(row, report)))
}

/** How much of a run that did not come to its end is not known; null: nothing, or it came to its end. */
export function sayOpen({ended, findings}: Report): string | null {
  const open = ended === null ? 0 : findings.filter(({verdict}) => verdict === 'unknown').length
  return open === 0 ? null : `${open} of ${findings.length} expectations are inconclusive`
}

const mostProofs = 3

export function explain(finding: ReportFinding, report: Report): Explained {
  const about = Object.hasOwn(checks, finding.check) ? checks[finding.check as keyof typeof checks].about : undefined
  const shown = telling(finding, report)
  return {
    expected: about === undefined ? finding.expectation : `${finding.expectation}: ${about}`,
    seen: finding.says,
    proof: shown.toSorted((a, b) => a.at - b.at).map(event => ({at: event.at, says: sayEvidence(event)})),
    more: (finding.evidence?.length ?? 0) - shown.length,
    hint: finding.hint ?? fallback(finding, shown.length > 0),
    next: finding.next ?? [],
  }
}

/**
 * Checks name their evidence most important first; one that has phases names it as a story instead, and there the fault, the
 * end of each phase that did not pass, and the outcome tell most.
 */
function telling({evidence = [], phases = []}: ReportFinding, report: Report): readonly Event[] {
  if (evidence.length <= mostProofs || phases.length === 0) return evidence.slice(0, mostProofs)
  const fault = evidence.find(event => event.kind === 'fault-injecting') ?? evidence[0]!
  const t0 = report.faults.find(one => fault.kind === 'fault-injecting' && one.id === fault.id)?.at ?? fault.at
  const late = phases.filter(row => row.verdict !== 'pass' && row.measured !== null).map(row => t0 + row.measured!)
  const ends = evidence.filter(event => event !== fault && late.includes(event.at))
  const wanted = [fault, ...ends, evidence.at(-1)!, ...evidence.toReversed()]
  return [...new Set(wanted)].slice(0, mostProofs)
}

function fallback({verdict}: ReportFinding, proven: boolean): string {
  if (verdict === 'pass') return ''
  if (verdict === 'unknown') return 'docs/troubleshooting.md#inconclusive has the reason; then play it again'
  return proven
    ? "look at these moments in report.html, where they stand beside the hosts' logs"
    : "look at the time of the fault in report.html, where it stands beside the hosts' logs"
}
