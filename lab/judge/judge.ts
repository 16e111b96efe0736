/**
 * Judges a recorded run. Pure: it performs nothing and knows no clock, so a history from a file gets the same report again.
 *
 * Verdicts merge fail > unknown > pass. A fault that was not seen to take hold makes the whole run inconclusive, whatever was
 * found besides: the run was about something that did not happen. So does what befell the machine under it, and of a run that would
 * pass what somebody else changed of the cluster. A fault that somebody else ended lets nothing pass, and only what the cluster did by
 * itself fail. Findings keep their own verdicts all the same, and are shown.
 */

import {type Finding, merge, type Verdict, witnessesOf} from '../checks/check.ts'
import {type CheckName, checks, find, unlessLost} from '../checks/index.ts'
import {attemptsOf, codeOf} from '../history/attempts.ts'
import {changesInAll, sayChanges} from '../history/changes.ts'
import {firstView} from '../history/cluster-view.ts'
import {disturbances} from '../history/disturbances.ts'
import {driverTable} from '../history/driver-table.ts'
import {endedOf} from '../history/ended.ts'
import {plain} from '../history/event-table.ts'
import {type History, of} from '../history/history.ts'
import {holesOf} from '../history/holes.ts'
import {type Lost, lostOf} from '../history/lost.ts'
import {playAgain} from '../history/play-again.ts'
import {replicaReadsOf} from '../history/reads.ts'
import type {Teller} from '../history/tellers.ts'
import {raisingOf, raisingWords} from '../topology/as-set.ts'
import type {Topology} from '../topology/topology.ts'
import {type ExitCode, exitCodes} from '../words/errors.ts'
import {anyCaller, type Caller, linesOf, next, onLab, sayLines} from '../words/next-step.ts'
import {sayMicros} from '../words/quantity.ts'
import {inTheirLight} from './by-others.ts'
import {limitOf} from './limit.ts'
import {remarks} from './remarks.ts'
import type {Report} from './report.ts'
import {story} from './story.ts'

/** A check and its parameters as the scenario has them: not decoded, `{within: '10s'}`. */
export interface Expected {
  readonly check: string
  readonly params: unknown
  /** In the scenario's file. */
  readonly line?: number
  /** It is the limit that the person who started the run asked for. */
  readonly asked?: boolean
}

/** Of a record that does not say. */
const unknown = 'unknown'

/**
 * @param expectations those of the scenario in `run-started` when not given.
 * @param called how whoever reads the report calls the program, for the commands in it.
 */
export function judge(
  history: History,
  expectations: readonly Expected[] = expectedOf(history),
  called: Caller = anyCaller,
): Report {
  const started = of(history, 'run-started')[0]
  const meant = started ?? of(history, 'never-began')[0]
  const disturbed = disturbances(history)
  const ended = endedOf(history, disturbed, called)
  const findings = expectations.map(expected => ({
    ...told(foundIn(history, expected, ended !== null), called),
    check: expected.check,
    params: expected.params,
    expectation: sayExpectation(expected),
    line: expected.line ?? null,
  }))
  const faults = faultsOf(history)
  const unproven = faults.filter(fault => fault.held !== true && !(ended !== null && isUnderway(history, fault)))
  const reasons = [
    ...(ended === null ? disturbed : [ended.says]),
    ...unproven.map(sayUnproven),
    ...holesOf(history).map(one => one.says),
    ...unplanned(history),
    ...(meant === undefined ? ['the history does not begin with run-started'] : []),
    ...(history.source?.foreign ?? []),
    ...(expectations.length === 0 ? ['nothing was expected, so nothing could pass'] : []),
  ]
  const sum = merge(findings.map(finding => finding.verdict))
  const verdict =
    disturbed.length + unproven.length > 0 ? 'unknown' : reasons.length > 0 ? merge([sum, 'unknown']) : sum

  return {
    schema: 1,
    run: meant?.run ?? '',
    lab: meant?.lab ?? unknown,
    scenario: meant?.scenario.name ?? unknown,
    file: meant?.scenario.file ?? null,
    about: meant?.scenario.about ?? '',
    startedAt: meant?.startedAt ?? '',
    durationMicros: history.events.at(-1)?.at ?? 0,
    verdict,
    headline: headline(verdict, reasons, findings),
    limit: limitOf(firstView(history), findings, findings[expectations.findIndex(expected => expected.asked === true)]),
    reasons,
    remarks: remarks(firstView(history)),
    ended,
    next: ended?.next ?? after(verdict, history, called),
    ...recoveryOf(history),
    exitCode: exitCodeOf(verdict, ended?.how === 'skipped', recoveryOf(history).recovered),
    profile: started?.topology.profile ?? unknown,
    versions: started?.versions ?? {},
    faults,
    findings,
    clients: clientsOf(history),
    drivers: driverTable(history),
    story: story(history),
    eventsSha256: history.source?.sha256 ?? null,
  }
}

/** Words and commands of a hint apart: who shows it wraps the one and not the other. */
function told(
  {hint, ...found}: Finding,
  called: Caller,
): Omit<Report['findings'][number], keyof Expected | 'expectation'> {
  // A report is a value: who shows it may take it apart.
  const finding = found.evidence === undefined ? found : {...found, evidence: found.evidence.map(plain)}
  if (hint === undefined) return finding
  const lines = linesOf(hint)
  const words = lines.filter(line => typeof line === 'string').join(' ')
  const next = lines.flatMap(line => (typeof line === 'string' ? [] : [line.says(called)]))
  return {...finding, ...(words === '' ? {} : {hint: words}), ...(next.length === 0 ? {} : {next})}
}

/** The same once more, on a lab like that one. */
function after(verdict: Verdict, history: History, called: Caller): readonly string[] {
  const begun = of(history, 'run-started')[0]
  const {recovered} = recoveryOf(history)
  if (begun === undefined || (verdict === 'pass' && recovered !== false)) return []
  const words = wordsFor(begun.topology)
  return sayLines(
    next`${recovered === false ? onLab(begun.lab, 'heal') : ''}
${words.length === 0 ? '' : onLab(begun.lab, 'up', ...words)} ${playAgain(begun)}`,
    called,
  )
}

const words = new WeakMap<Topology, readonly string[]>()

/** What is no topology has no words, and costs nobody the verdict. To find them all built-in topologies are read: once for each. */
function wordsFor(topology: Topology): readonly string[] {
  const found = words.get(topology) ?? raisedBy(topology)
  words.set(topology, found)
  return found
}

function raisedBy(topology: Topology): readonly string[] {
  try {
    const raising = raisingOf(topology, undefined)
    return raising === undefined ? [] : raisingWords(raising)
  } catch {
    return []
  }
}

const sayUnproven = ({id, held, proof}: Report['faults'][number]) =>
  held === null
    ? `nobody saw whether ${id} took hold, so the run proves nothing`
    : `${id} did not take hold (${proof}), so the run proves nothing`

function recoveryOf(history: History): Pick<Report, 'recovered' | 'notRecovered'> {
  const last = of(history, 'recovery').at(-1)
  return {recovered: last?.recovered ?? null, notRecovered: last?.recovered === false ? last.says : null}
}

/** That the lab is no longer healthy wins over a pass only: what failed may be why, and is what was looked for. */
export function exitCodeOf(verdict: Verdict, skipped: boolean, recovered: boolean | null): ExitCode {
  if (skipped) return exitCodes.skipped
  return verdict === 'pass' && recovered === false ? exitCodes.healing : codeFor[verdict]
}

const codeFor = {pass: exitCodes.passed, fail: exitCodes.failed, unknown: exitCodes.inconclusive} as const

function expectedOf(history: History): readonly Expected[] {
  const started = of(history, 'run-started')[0] ?? of(history, 'never-began')[0]
  return started?.scenario.expect ?? []
}

/** What came otherwise than the scenario has it. */
function unplanned(history: History): string[] {
  return [...lostOf(history).map(sayLost), ...sayChanges(changesInAll(history)), ...unplayed(history)]
}
const sayLost = ({id, after, says}: Lost) =>
  `${id} was lost ${sayMicros(after)} after it came, before its mend: ${says}`

/** A step that could not be done ends the steps: what the scenario is about may never have happened. */
function unplayed(history: History): string[] {
  const failed = of(history, 'step-ended').find(step => !step.ok)
  if (failed === undefined) return []
  const planned = of(history, 'run-started')[0]?.scenario.steps.length ?? 0
  // Those that came at the same moment have been played.
  const played = Math.max(...of(history, 'step-started').map(step => step.index + 1), failed.index + 1)
  const rest = planned - played
  return [
    `step ${failed.index + 1} was not done (${failed.says})${rest > 0 ? `, so ${rest} more ${rest === 1 ? 'step was' : 'steps were'} not played` : ''}`,
  ]
}

function foundIn(history: History, expected: Expected, early: boolean): Finding {
  const found = inTheirLight(firstView(history), expected.check, expected.params, find(history, expected))
  const played = early ? upToThere(found, history) : upToStep(found, history)
  const whole = ifWhole(history, expected.check, played)
  return unlessLost(history, expected.check, whole)
}

/** What a record says that lacks lines of those whose word decides it: that may be why. */
function ifWhole(history: History, check: string, found: Finding): Finding {
  const hole = holesOf(history).find(({who}) => who === 'run' || decides(check, who))
  if (hole === undefined || found.verdict === 'unknown') return found
  return {...found, verdict: 'unknown', says: `Not known, since ${hole.says}: ${found.says}`}
}

const decides = (check: string, who: Exclude<Teller, 'run'>) =>
  Object.hasOwn(checks, check) && witnessesOf(checks[check as CheckName]).has(who)

/** Where nobody knows whether a step's wait was in vain, the steps after it were left out for want of sight: their lack is no failure. */
function upToStep({pending = false, ...finding}: Finding, history: History): Finding {
  const blind = of(history, 'step-ended').find(one => one.known === false)
  if (finding.verdict !== 'fail' || !pending || blind === undefined) return finding
  return {...finding, verdict: 'unknown', says: `Step ${blind.index + 1} waited for what nobody saw: ${finding.says}`}
}

/**
 * What a record that ends too early proves. What was still to come may come after it, so its lack is no failure; and where the
 * record breaks off, rather than the run, what holds so far need not have held to the end.
 */
function upToThere({pending = false, ...finding}: Finding, history: History): Finding {
  if (finding.verdict === 'fail' && pending)
    return {...finding, verdict: 'unknown', says: `Before it ended early: ${finding.says}`}
  const breaksOff = history.source?.torn != null || of(history, 'run-ended').length === 0
  if (finding.verdict === 'pass' && breaksOff)
    return {...finding, verdict: 'unknown', says: `Up to where the record breaks off: ${finding.says}`}
  return finding
}

/** Its step was cut short before anybody could see whether it took hold: the end of the run says that already. */
function isUnderway(history: History, {held, at}: Report['faults'][number]): boolean {
  return held === null && !of(history, 'step-ended').some(step => step.at >= at)
}

function faultsOf(history: History): Report['faults'] {
  return of(history, 'fault-injecting').map(({id, what, hosts, at}) => {
    const proofs = of(history, 'fault-proof').filter(proof => proof.id === id)
    const failed = proofs.find(proof => !proof.holds)
    const mended = of(history, 'fault-mended').findLast(one => one.id === id && one.ok)
    const says = failed ? failed.says : proofs.map(proof => proof.says).join('; ')
    return {
      id,
      what,
      hosts,
      at,
      mendedAt: mended?.at ?? null,
      held: proofs.length === 0 ? null : failed === undefined,
      proof: proofs.length === 0 ? null : says,
    }
  })
}

function headline(verdict: Verdict, reasons: readonly string[], findings: Report['findings']): string {
  if (verdict === 'fail') {
    const failed = findings.filter(finding => finding.verdict === 'fail')
    const first = failed[0]?.says ?? ''
    return failed.length > 1 ? `${first.replace(/\.$/, '')} (and ${failed.length - 1} more)` : first
  }
  if (verdict === 'unknown')
    return reasons[0] ?? findings.find(finding => finding.verdict === 'unknown')?.says ?? 'nothing was judged'
  const measured = findings.find(finding => typeof finding.measures?.totalMicros === 'number')?.measures
  if (measured) {
    const {lost, lostInSplitBrain: split} =
      findings.find(finding => typeof finding.measures?.lost === 'number')?.measures ?? {}
    const where = typeof split === 'number' && split > 0 ? `, ${split} of them in a split brain` : ' in the async tail'
    const losses =
      lost === undefined
        ? ''
        : lost === 0
          ? ', no acknowledged write lost'
          : `, ${lost} acknowledged ${lost === 1 ? 'write' : 'writes'} lost${where}`
    return `clients could write again ${sayMicros(Number(measured.totalMicros))} after the fault${losses}`
  }
  return findings[0]?.says ?? ''
}

function sayExpectation({check, params}: Expected): string {
  const entries = typeof params === 'object' && params !== null ? Object.entries(params) : []
  return [check, ...entries.map(([key, value]) => `${key} ${sayParam(value)}`)].join(' ')
}

/** `at-most 30s`, as the scenario's file has it. */
function sayParam(value: unknown): string {
  if (Array.isArray(value)) return value.map(sayParam).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${sayParam(inner)}`)
    .join(', ')
}

function clientsOf(history: History): Report['clients'] {
  const counts = {write: {ok: 0, fail: 0, unknown: 0}, read: {ok: 0, fail: 0, unknown: 0}}
  const errors = new Map<string, {code: string; says: string; count: number}>()
  for (const op of attemptsOf(history)) {
    counts[op.op][op.outcome]++
    if (op.outcome === 'ok') continue
    const code = codeOf(op)
    // Errors with a code are counted by it, others by the words of the driver.
    const key = code === 'no code' ? `${code} ${op.error}` : code
    const known = errors.get(key) ?? {code, says: op.error ?? 'no answer', count: 0}
    known.count++
    errors.set(key, known)
  }
  return {
    writes: counts.write,
    reads: counts.read,
    replicaReads: replicaReadsOf(history),
    errors: [...errors.values()].toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
  }
}
