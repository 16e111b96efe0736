/** What the histories of a suite tell about the machinery itself: resets between scenarios, and how fast faults take hold. */
import {type History, of} from '../../lab/history/history.ts'

export interface Played {
  readonly lab: string
  readonly history: History
}

/**
 * Seconds from the end of one run's final reads to the steady state of the next on the same lab: the time for which a lab
 * serves nobody. The commands' own start and end are in it. Runs after another lab was raised begin anew.
 */
export function resetSeconds(runs: readonly Played[]): number[] {
  return [...Map.groupBy(runs, ({lab}) => lab).values()].flatMap(onOneLab => {
    const spans = onOneLab
      .map(({history}) => ({steadyMs: wallMs(history, steadyAt(history)), endMs: wallMs(history, endAt(history))}))
      .filter(span => span.steadyMs !== undefined)
      .sort((a, b) => (a.steadyMs ?? 0) - (b.steadyMs ?? 0))
    return spans.slice(1).flatMap(({steadyMs}, index) => {
      const endMs = spans[index]?.endMs
      return steadyMs === undefined || endMs === undefined ? [] : [(steadyMs - endMs) / 1000]
    })
  })
}

/** Milliseconds from just before the call that breaks to the first proof that it holds, by `fault what`. */
export function effectMs(runs: readonly Played[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (const {history} of runs)
    for (const injecting of of(history, 'fault-injecting')) {
      const proof = of(history, 'fault-proof').find(one => one.id === injecting.id && one.holds)
      if (proof === undefined) continue
      const {what} = (injecting.params ?? {}) as {what?: unknown}
      const name = typeof what === 'string' ? `${injecting.fault} ${what}` : injecting.fault
      found.set(name, [...(found.get(name) ?? []), (proof.at - injecting.at) / 1000])
    }
  return found
}

/** Where the steps begin, the steady state was reached. */
function steadyAt(history: History): number | undefined {
  return of(history, 'phase').find(({name}) => name === 'steps')?.at
}

function endAt(history: History): number | undefined {
  return of(history, 'run-ended').find(({how}) => how === 'complete')?.at
}

function wallMs(history: History, at: number | undefined): number | undefined {
  const [started] = of(history, 'run-started')
  return started === undefined || at === undefined ? undefined : Date.parse(started.startedAt) + at / 1000
}
