/**
 * When Patroni itself called a replica `nosync`: before it restarts or stops a server of a synchronous cluster it asks the leader to take
 * another standby, waits two loops for that at most, and takes the tag back when it has done (4.0, `ha.py: while_not_sync_standby`).
 */
import type {HostName} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Of} from './event.ts'
import {type History, of, once} from './history.ts'
import type {Interval} from './lateness.ts'
import {toldLate} from './our-changes.ts'

interface Released extends Interval {
  readonly host: HostName
}

/** Patroni looks every two seconds whether the leader has let go. */
const lookedEvery: Micros = 2_000_000

/** From the first word that has the tag to the first that has not, or to the end of the record. */
export const releasedFromSync = once((history): readonly Released[] => {
  const loopWait = (of(history, 'run-started')[0]?.topology?.patroni.loopWaitSeconds ?? 0) * 1_000_000
  const mostWaited = 2 * loopWait + lookedEvery + toldLate
  return [...Map.groupBy(of(history, 'patroni'), one => one.host)].flatMap(([host, words]) =>
    withTag(words)
      .filter(({first}) => first.role === 'replica' && isSynchronous(history, first.at))
      .filter(({first, during, after}) => {
        const away = during.filter(isAway)
        const [left, back] = [away[0], away.at(-1)]
        // A tag that stays on a server which waits too long, or which is long back, somebody else gave it.
        const waiting = during.findLast(one => left === undefined || one.at < left.at) ?? first
        // What stays as it is, is not told again: it had the tag until the next word.
        const isBack = back !== undefined && during.some(one => one.at > back.at)
        const stays = isBack ? (after ?? during.at(-1)!).at - back.at : 0
        const hasLeft = left !== undefined || after === undefined
        return hasLeft && waiting.at - first.at <= mostWaited && stays <= toldLate
      })
      .map(({first, after}) => ({host, from: first.at, to: after?.at ?? Number.POSITIVE_INFINITY})),
  )
})

interface Tagged {
  readonly first: Of<'patroni'>
  /** With the first, and what was not answered in between. */
  readonly during: Of<'patroni'>[]
  readonly after?: Of<'patroni'>
}

function withTag(words: readonly Of<'patroni'>[]): Tagged[] {
  const found: Tagged[] = []
  let open: Tagged | undefined
  for (const word of words) {
    if (word.tags === undefined) open?.during.push(word)
    else if (word.tags.nosync === true) {
      open ??= {first: word, during: []}
      open.during.push(word)
    } else if (open !== undefined) {
      found.push({...open, after: word})
      open = undefined
    }
  }
  return open === undefined ? found : [...found, open]
}

/** Its server is restarting, starting or stopping, or nobody answers. */
function isAway({state}: Of<'patroni'>): boolean {
  return state !== 'running' && state !== 'streaming'
}

/** As the cluster was told last (Patroni 4.0, `global_config.py: is_synchronous_mode`), or as it was raised. */
function isSynchronous(history: History, at: Micros): boolean {
  const config = of(history, 'config-key').findLast(one => one.at <= at)?.config
  if (config == null) return (of(history, 'run-started')[0]?.topology?.patroni.synchronousMode ?? 'off') !== 'off'
  return config.synchronous_mode === true || /^(quorum|on|true|yes)$/i.test(String(config.synchronous_mode))
}
