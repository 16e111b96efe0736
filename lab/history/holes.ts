/**
 * Whether the record has every line that was written into it. Each line has a number of its teller's own, and the last one says how
 * many each teller has told; of runs recorded before lines had numbers, what the run itself did shows by what it did next. Reports'
 * counts (`looks.ts`) say besides which words came late.
 */
import {Distinct} from '../words/distinct.ts'
import {type Micros, sayMicros} from '../words/quantity.ts'
import type {Happening} from './event.ts'
import {type History, of, once, seldom} from './history.ts'
import {lineOf, type Teller} from './tellers.ts'

/** The id of the mends that put back what a scenario's own settings changed: no step injected it. */
export const ofSettings = 'settings'

export interface Hole {
  /** Whose line is missing. */
  readonly who: Teller
  /** `the record lacks 2 lines that postgres of node1 told, after 12.30 s of the run`. */
  readonly says: string
}

/** The first hole of each teller; empty: for all that is known the record is whole. */
export const holesOf = once((history): readonly Hole[] => {
  // Numbers tell each line that is missing. What the run did beside says nothing more: interrupted, it mends what it was about to do.
  const isNumbered = seldom(history).some(event => event.n !== undefined && lineOf(event) === 'run')
  return isNumbered ? unnumbered(history) : unchained(history)
})

function unnumbered(history: History): Hole[] {
  const lines = new Map<string, {readonly numbers: Distinct; last: Micros; least: number; most: number}>()
  for (const event of history.events) {
    if (event.n === undefined) continue
    const account = lineOf(event)
    const own = lines.get(account) ?? {numbers: new Distinct(), last: 0, least: event.n, most: event.n}
    lines.set(account, own)
    own.numbers.add(event.n)
    own.least = Math.min(own.least, event.n)
    own.most = Math.max(own.most, event.n)
    own.last = event.at
  }
  if (lines.size === 0) return []
  const told = of(history, 'run-ended').at(-1)?.lines ?? {}
  const accounts = new Set([...lines.keys(), ...Object.keys(told)])
  return [...accounts].flatMap(account => {
    const {numbers = new Distinct(), least = 0, most = -1, last = 0} = lines.get(account) ?? {}
    const missing = Math.max(most + 1, Object.hasOwn(told, account) ? told[account]! : 0) - numbers.size
    if (missing <= 0) return []
    const inside = most + 1 - least - numbers.size
    const where =
      numbers.size === 0 || inside > 0 ? '' : least > 0 ? ', its first' : `, after ${sayMicros(last)} of the run`
    return [hole(account, `${missing === 1 ? 'a line' : `${missing} lines`}`, where)]
  })
}

function hole(account: string, lines: string, where: string): Hole {
  const [who = '', host = ''] = account.split(' ')
  const whose = who === 'run' ? "of the run's own" : `that ${who}${host === '' ? '' : ` of ${host}`} told`
  return {who: who as Teller, says: `the record lacks ${lines} ${whose}${where}`}
}

/** What a run does it says before and after, and a fault by its id each time. */
function unchained(history: History): Hole[] {
  const lacking = (what: string): Hole[] => [{who: 'run', says: `the record lacks a line of the run's own: ${what}`}]
  if (of(history, 'run-started').length === 0 && of(history, 'never-began').length === 0) return lacking('how it began')
  const complete = of(history, 'run-ended').at(-1)?.how === 'complete'
  if (complete)
    for (const name of ['steps', 'healing', 'recovery', 'final-reads'] as const)
      if (!of(history, 'phase').some(one => one.name === name)) return lacking(`where its part \`${name}\` began`)
  const begun = new Set(of(history, 'step-started').map(one => one.index))
  const ended = new Set(of(history, 'step-ended').map(one => one.index))
  for (let index = 0; index <= Math.max(-1, ...begun, ...ended); index++) {
    if (!begun.has(index)) return lacking(`that step ${index + 1} began`)
    if (complete && !ended.has(index)) return lacking(`that step ${index + 1} ended`)
  }
  const injecting = new Set(of(history, 'fault-injecting').map(one => one.id))
  for (const kind of ['fault-injected', 'fault-proof', 'fault-again', 'fault-lost', 'fault-mending'] as const) {
    const orphan = of(history, kind).find(one => !injecting.has(one.id) && one.id !== ofSettings)
    if (orphan !== undefined) return lacking(`that ${orphan.id} was injected`)
  }
  const mends = new Map<string, number>()
  for (const event of seldom(history)) {
    const by = event.kind === 'fault-mending' ? 1 : event.kind === 'fault-mended' ? -1 : 0
    if (by === 0) continue
    const {id, mend} = event as Extract<Happening, {kind: 'fault-mended'}>
    const key = `${id} ${mend.do} ${mend.host ?? ''}`
    const open = (mends.get(key) ?? 0) + by
    if (open < 0) return lacking(`that the mend of ${id} began`)
    mends.set(key, open)
  }
  const open = complete ? [...mends].find(([, count]) => count > 0) : undefined
  return open === undefined ? [] : lacking(`that the mend of ${open[0].split(' ')[0]} ended`)
}
