/**
 * Recorded runs, with evidence taken away or told late in every way that mutations.ts knows: what passed may pass or be inconclusive
 * then, what failed may fail or be inconclusive, and nothing else; and a check whose witnesses were left alone does not change its mind.
 * A machine can decide that, so `npm run test:all` leaves out no moment of any run. `npm test` tries every twelfth of each kind: all take a
 * quarter of an hour. In two files, so that two cores have work.
 */
import {afterAll, expect, test} from 'vitest'
import type {Verdict} from '../../../lab/checks/check.ts'
import {witnessesOf} from '../../../lab/checks/check.ts'
import {checks} from '../../../lab/checks/index.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {type Expected, judge} from '../../../lab/judge/judge.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'
import {severalFailovers} from '../checks/several-failovers.ts'
import {mutationsOf} from './mutations.ts'
import {lostOfClients} from './mutations-clients.ts'
import {
  deafWindows,
  headsAndTails,
  lateLines,
  lostKeys,
  lostLines,
  lostNumbers,
  lostOfRun,
  lostPairs,
  lostReports,
  lostStretches,
  withoutWay,
  withoutWord,
} from './mutations-windows.ts'

const recorded = recordedFiles.map(run => [run, () => recordedRun(run)] as const)
/** Recorded runs have one failover, as most scenarios. */
const generated = [2, 3].map(
  count =>
    [
      `${count} failovers in a row`,
      () => historyOf(severalFailovers(Array.from({length: count}, () => ({})))),
    ] as const,
)
const runs = [...recorded, ...generated]

/** MUTATIONS is set by `npm run test:all`. */
const oneOf = process.env.MUTATIONS === 'all' ? 1 : 20

/** Of checks that are younger than most recordings: claimed of every run, though it may fail there. */
const claimed: readonly Expected[] = [
  {check: 'nobody-promoted', params: {for: '5s', until: 'end'}},
  {check: 'errors', params: {allow: {'25006': '1s', '57P01': '1s', '57P03': '3s', closed: '24s', timeout: '1s'}}},
  {check: 'quorum-kept', params: {}},
  {check: 'lost-connections', params: {}},
  {check: 'stale-reads', params: {'at-most': '5s'}},
]

const all = (history: History) => [
  ...mutationsOf(history),
  ...withoutWay(history),
  ...withoutWord(history),
  ...deafWindows(history),
  ...lostKeys(history),
  ...lostLines(history),
  ...lostOfRun(history),
  ...lostNumbers(history),
  ...headsAndTails(history),
  ...lostPairs(history),
  ...lostReports(history),
  ...lostStretches(history),
  ...lateLines(history),
  ...lostOfClients(history),
]

/** @param first differs from run to run, so that all together leave out no kind of moment. */
function tried(history: History, first: number): ReturnType<typeof all> {
  return all(history).filter((_, index) => index % oneOf === first % oneOf)
}

/** Values that are none; times before their beginning; a replica that is told not to have called itself one. */
const noSentence =
  /\bundefined\b|\bnull\b|\bNaN\b|\bInfinity\b|timeline \?|\b(tail|up to|after|for|took|most) -\d|its last word was replica/
const ofAFault = /\b(after|before|until|when|of) (the|its|first|the first) (fault|mend)\b/

type Turn = `${Verdict} -> ${Verdict}`
const allowed: ReadonlySet<Turn> = new Set<Turn>([
  'pass -> pass',
  'pass -> unknown',
  'fail -> fail',
  'fail -> unknown',
  'unknown -> unknown',
])
const every = ['pass', 'fail', 'unknown'] as const
const counts = new Map<string, Map<Turn, number>>()

function count(kind: string, turn: Turn): void {
  const turns = counts.get(kind) ?? new Map<Turn, number>()
  counts.set(kind, turns.set(turn, (turns.get(turn) ?? 0) + 1))
}

/** @param half of the runs, which take turns. */
export function losesEvidence(half: 0 | 1): void {
  const mine = runs.filter((_, index) => index % 2 === half)
  test.each(mine)(
    '%s: no verdict turns into its contrary, whatever evidence is lost',
    {timeout: 300_000},
    (run, read) => {
      const history = read()
      const expected = [...(of(history, 'run-started')[0]?.scenario.expect ?? []), ...claimed]
      const whole = judge(history, expected)
      const wrong: string[] = []
      const faultless = of(history, 'fault-injecting').length === 0
      for (const mutation of tried(
        history,
        runs.findIndex(([name]) => name === run),
      )) {
        const {findings} = judge(mutation.apply(history), expected)
        for (const [index, before] of whole.findings.entries()) {
          const after = findings[index]!
          const turn: Turn = `${before.verdict} -> ${after.verdict}`
          count(mutation.kind, turn)
          const says = `${mutation.kind} (${mutation.name}): ${before.check} ${turn}: ${after.says}`
          const witnesses = witnessesOf(checks[before.check as keyof typeof checks])
          if (!allowed.has(turn)) wrong.push(says)
          else if (before.verdict !== after.verdict && !mutation.touches.some(one => witnesses.has(one)))
            wrong.push(`${says} (nobody was touched whose word decides it)`)
          for (const words of [after.says, after.hint ?? ''])
            if (noSentence.test(words) || (faultless && ofAFault.test(words)))
              wrong.push(`no sentence: ${says} (${words})`)
        }
      }
      expect(wrong).toEqual([])
    },
  )

  // All nine, so that a suite that has become blind (everything unknown) shows.
  afterAll(() => {
    const turns = every.flatMap(from => every.map((to): Turn => `${from} -> ${to}`))
    const lines = [...counts].map(([kind, found]) =>
      [kind.padEnd(34), ...turns.map(turn => `${turn} ${found.get(turn) ?? 0}`)].join('  '),
    )
    console.log(`What ${mine.length} runs say when evidence is lost:\n${lines.join('\n')}`)
  })

  test('most of what is not touched stays as it was', () => {
    const of = (turn: Turn) => [...counts.values()].reduce((sum, found) => sum + (found.get(turn) ?? 0), 0)
    expect(of('pass -> pass')).toBeGreaterThan(2 * of('pass -> unknown'))
    expect(of('fail -> fail')).toBeGreaterThan(2 * of('fail -> unknown'))
  })
}
