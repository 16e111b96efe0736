/**
 * Lines of the clients' agent that the record lacks, in a record of today: the agent's reports say how many there were. One of them, those
 * of some seconds (with its reports or without), every second one, or all that one server answered.
 */

import {noLostWrites} from '../../../lab/checks/no-lost-writes.ts'
import type {Event} from '../../../lab/history/event.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {tellerOf} from '../../../lab/history/tellers.ts'
import {boundaries, distinct, type Mutation} from './mutations.ts'
import {withCounts} from './mutations-windows.ts'

/** What is lost; of operations their ids tell so too, also in a record without counts. */
type Lost = (event: Event) => boolean

const isClients: Lost = event => tellerOf(event) === 'clients'
const isLine: Lost = event => isClients(event) && event.kind !== 'watching'
const isAttempt: Lost = event => event.kind === 'op' || event.kind === 'bank'
const isConnection: Lost = event => event.kind === 'client-connected' || event.kind === 'client-disconnected'

/** Each comes to some of the moments of every run. */
const ways: readonly (readonly [string, Lost])[] = [
  ['all its lines', isLine],
  ['all its lines and reports', isClients],
  ['writes', event => event.kind === 'op' && event.op === 'write'],
  ['reads', event => event.kind === 'op' && event.op === 'read'],
  ['words on connections', isConnection],
  ['words on lost connections', event => event.kind === 'client-disconnected'],
]

export function lostOfClients(history: History): Mutation[] {
  const counted = withCounts(history)
  const lose = (name: string, lost: Lost, from = counted): Mutation => ({
    ...{kind: "lines of the clients' agent lost", name, touches: ['clients']},
    apply: () => historyOf(from.events.filter(one => !lost(one))),
  })
  return [...inWindows(history, lose), ...ofServers(history, lose), ...single(history, lose), ...ofRows(history, lose)]
}

type Lose = (name: string, lost: Lost, from?: History) => Mutation

function inWindows(history: History, lose: Lose): Mutation[] {
  return boundaries(history).flatMap(([name, moment], index) =>
    [0, 3].map(more => {
      const [what, lost] = ways[(index + more) % ways.length]!
      const from = moment - 300_000
      const to = from + (index % 2 === 0 ? 3e6 : 1e6)
      return lose(
        `${what} for ${(to - from) / 1e6} s before ${name}`,
        one => lost(one) && one.at >= from && one.at < to,
      )
    }),
  )
}

/** After another took the key. */
function ofServers(history: History, lose: Lose): Mutation[] {
  const hosts = distinct(of(history, 'client-connected').flatMap(one => one.server ?? []))
  const [, second] = distinct(of(history, 'leader-key').flatMap(one => (one.holder === null ? [] : [one]))).slice(0, 2)
  return hosts.flatMap(host => [
    lose(`connections to ${host}`, one => one.kind === 'client-connected' && one.server === host),
    ...(second === undefined || second.holder === host
      ? []
      : [
          lose(
            `answers of ${host} after ${second.holder} led`,
            one => 'server' in one && isLine(one) && one.server === host && one.at > second.at,
          ),
        ]),
  ])
}

function single(history: History, lose: Lose): Mutation[] {
  const attempts = history.events.filter(isAttempt)
  const even = new Set(attempts.filter((_, index) => index % 2 === 0))
  const end = history.events.at(-1)?.at ?? 0
  const steps = of(history, 'phase').find(one => one.name === 'steps')?.at ?? 0
  return [
    lose('every second attempt', one => even.has(one), history),
    lose('its last tenth', one => isClients(one) && one.at > end - (end - steps) / 10, history),
    lose(
      'writes from the beginning until just after the steps began',
      one => isAttempt(one) && one.at < steps + 500_000,
      history,
    ),
    ...boundaries(history).flatMap(([name, moment]) => {
      const next = attempts.find(one => one.at > moment && 'outcome' in one && one.outcome === 'ok')
      return next === undefined ? [] : [lose(`the first answer after ${name}`, one => one === next, history)]
    }),
  ]
}

/** The very lines that tell of rows that are gone. */
function ofRows(history: History, lose: Lose): Mutation[] {
  const {measures} = noLostWrites.judge(history, noLostWrites.params.parse({}))
  const ids = new Set(
    String(measures?.lostIds ?? '')
      .split(', ')
      .filter(range => range !== '')
      .flatMap(range => {
        const [from, to] = range.split('-').map(Number)
        return Array.from({length: (to ?? from!) - from! + 1}, (_, index) => from! + index)
      }),
  )
  if (ids.size === 0) return []
  return [lose('those of all lost writes', one => one.kind === 'op' && one.op === 'write' && ids.has(one.id), history)]
}
