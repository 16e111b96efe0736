/**
 * Expectations of a run in the words of a test: `expect(run).toFailOverWithin('20s')`. Each is a check of ours, judged over the run's
 * history, and what failed says what was expected, what was seen and the events that prove it. Of a run that proves nothing neither
 * the expectation nor its contrary holds. They need no test framework: `expect.extend(matchers)` of vitest and of jest takes them.
 */
import {checks} from '../checks/index.ts'
import {sayEvent} from '../history/event-words.ts'
import type {History} from '../history/history.ts'
import {type Expected, judge} from '../judge/judge.ts'
import type {Report} from '../judge/report.ts'
import {nextLine} from '../words/next-step.ts'
import {printable, printableLines} from '../words/printable.ts'

/** What is expected of: what `runScenario` and `during` give back, or a recorded run. */
export interface HasHistory {
  readonly history: History
  /** Where its evidence lies. */
  readonly folder?: string | null
}

/** What `expect.extend` takes. */
export interface Matched {
  readonly pass: boolean
  message(): string
}

/** As vitest and jest give it to a matcher. */
interface Context {
  readonly isNot?: boolean | undefined
}

/** As a scenario has it for `no-lost-writes`. */
export interface Allowing {
  readonly allow?: string | Readonly<Record<string, string>>
}

/** What it is called on, as a test file sees it. */
export interface RunMatchers<R = void> {
  /** From the fault to the first acknowledged write. @param within `'20s'`, or `'budget'`: what the timing model allows. */
  toFailOverWithin(within: string): R
  /** @param options what a failover may lose all the same: `{allow: 'async-tail'}`, `{allow: {'async-tail': '1MB'}}`; nothing when not given. */
  toLoseNoAcknowledgedWrites(options?: Allowing): R
  /** At no moment were two servers seen taking writes. */
  toKeepOnePrimary(): R
  /** Every writer is back within that of a primary being there for it. @param driver those of one driver alone. */
  toReconnectWithin(within: string, options?: {readonly driver?: string}): R
  /** Whatever the run itself expects, its faults took hold, and it came to its end. */
  toPass(): R
}

const mostProofs = 3

export const matchers = {
  toFailOverWithin(this: Context, run: unknown, within: string): Matched {
    return matched(this, run, {check: 'failover', params: {within}})
  },
  toLoseNoAcknowledgedWrites(this: Context, run: unknown, options: Allowing = {}): Matched {
    return matched(this, run, {check: 'no-lost-writes', params: options})
  },
  toKeepOnePrimary(this: Context, run: unknown): Matched {
    return matched(this, run, {check: 'one-writable-primary', params: {}})
  },
  toReconnectWithin(this: Context, run: unknown, within: string, options: {readonly driver?: string} = {}): Matched {
    return matched(this, run, {check: 'clients-reconnect', params: {within, ...options}})
  },
  toPass(this: Context, run: unknown): Matched {
    return matched(this, run, undefined)
  },
}

function matched({isNot = false}: Context, run: unknown, expected: Expected | undefined): Matched {
  const {history, folder = null} = mustHaveHistory(run)
  if (expected !== undefined) mustBeValid(expected)
  const report = judge(history, expected && [expected])
  // `.not` turns a pass into a failure: of what nobody can tell, either is one.
  const pass = report.verdict === 'unknown' ? isNot : report.verdict === 'pass'
  return {pass, message: () => printableLines(sayReport(report, folder, isNot))}
}

function mustHaveHistory(run: unknown): HasHistory {
  const found = (typeof run === 'object' && run !== null ? run : {}) as Partial<HasHistory>
  if (Array.isArray(found.history?.events)) return found as HasHistory
  throw new TypeError('this expects a run: what runScenario, during or readRun give back, with its history')
}

/** A wrong word of the test's is no verdict on the run. */
function mustBeValid({check, params}: Expected): void {
  const issue = checks[check as keyof typeof checks].params.safeParse(params).error?.issues[0]
  if (issue !== undefined) throw new TypeError(`${check}: ${[...issue.path.map(String), issue.message].join(': ')}`)
}

const seenAs = {pass: 'it held', fail: 'it did not', unknown: 'nobody can tell'} as const

function sayReport(report: Report, folder: string | null, isNot: boolean): string {
  const {verdict, scenario, findings, reasons, faults} = report
  const zero = faults[0]?.at ?? 0
  const told = findings.filter(one => one.verdict === verdict)
  const what = findings.length === 1 ? findings[0]!.expectation : 'what the run expects'
  return [
    `${scenario}: ${isNot ? 'not ' : ''}expected: ${what}; ${seenAs[verdict]}`,
    ...reasons,
    ...told.flatMap(({check, expectation, says, evidence = [], hint}) => [
      `  expected: ${expectation}: ${checks[check as keyof typeof checks].about}`,
      `  seen:     ${says}`,
      ...evidence
        .slice(0, mostProofs)
        .toSorted((a, b) => a.at - b.at)
        .map(event => `  proof:    ${moment(event.at - zero)}  ${printable(sayEvent(event) ?? event.kind)}`),
      ...(hint === undefined ? [] : [nextLine(hint)]),
    ]),
    ...(folder === null ? [] : [`  evidence: ${folder}`]),
  ].join('\n')
}

/** Seconds after the first fault; of a run without one, of the run. */
function moment(micros: number): string {
  return `${micros < 0 ? '-' : '+'}${(Math.abs(micros) / 1e6).toFixed(2)} s`
}
