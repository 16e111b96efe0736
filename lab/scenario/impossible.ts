/** What a scenario claims or does and cannot be true, whatever happens: refused before anything is touched. */
import {selectors} from '../cluster/selector.ts'
import {faults} from '../faults/index.ts'
import type {ClientGroup} from '../history/client-group.ts'
import type {Located, Path} from '../words/decode.ts'
import {suggestion} from '../words/did-you-mean.ts'
import {ms} from '../words/quantity.ts'
import {duration} from '../words/schemas.ts'
import type {Expectation, Step} from './index.ts'
import {namedIn} from './params.ts'
import {sayWhom} from './say.ts'
import {hostName} from './whom.ts'

type Condition = Pick<Expectation, 'check' | 'params'>

interface Parts {
  readonly clients: readonly ClientGroup[]
  readonly steps: readonly {readonly path: Path; readonly step: Step}[]
  readonly expect: readonly (Condition & {readonly path: Path})[]
  /** What steps are called, also those with a mistake. */
  readonly names: readonly string[]
}

/** Tells each with its place. */
export function tellImpossible(source: Located, parts: Parts): void {
  const untils = parts.steps.flatMap(({path, step}) =>
    step.do === 'until' ? [{...step, path: [...path, 'until']}] : [],
  )
  for (const condition of [...parts.expect, ...untils]) {
    tellNobody(source, condition, parts.names)
    const lacking = withoutClients(condition, parts.clients)
    if (lacking !== null) source.tell(condition.path, lacking)
  }
  tellContradiction(source, parts.expect)
  tellApart(source, parts.expect)
  for (const {path, step} of parts.steps) {
    const key = fromItself(step)
    if (key !== null) source.tell(path, sayFromItself(step, key), key)
  }
}

function paramsOf({params}: {readonly params: unknown}): Readonly<Record<string, unknown>> {
  return typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {}
}

/** Of who was promoted, beside steps and hosts. */
const roles = ['old-leader', 'sync-standby']

function tellNobody(source: Located, condition: Parts['expect'][number], names: readonly string[]): void {
  if (condition.check !== 'promoted') return
  for (const [key, name] of Object.entries(paramsOf(condition))) {
    if (typeof name !== 'string' || hostName.test(name) || [...roles, ...names].includes(name)) continue
    const says = `\`${name}\` names nobody${suggestion(name, [...roles, ...names])}`
    source.tell([...condition.path, condition.check, key], says)
  }
}

const isReader = (group: ClientGroup) => group.kind === 'readers' || group.through === 'replicas'
const writes = 'failover no-lost-writes clients-reconnect writes-flow'.split(' ')
const readings = 'monotonic-reads read-your-writes stale-reads'.split(' ')

/** The clients that a check is about, where there are none. */
function withoutClients(condition: Condition, clients: readonly ClientGroup[]): string | null {
  const {check} = condition
  // Of a group with a mistake nobody knows what it is.
  if (clients.length === 0) return null
  const {writes: ofWrites, reads} = paramsOf(condition)
  if (check === 'bank' && !clients.some(({kind}) => kind === 'bankers'))
    return '`bank` is about bankers, and there are none among the clients'
  if ((writes.includes(check) || (check === 'unavailability' && ofWrites !== undefined)) && clients.every(isReader))
    return `\`${check}\` is about clients that write, and all clients here only read`
  const isProgram = clients.some(({kind}) => kind === 'program')
  const needsReaders = readings.includes(check) || (check === 'unavailability' && reads !== undefined && !isProgram)
  if (needsReaders && !clients.some(isReader))
    return `\`${check}\` is about clients that read, and there are no readers among the clients`
  return null
}

/** Two claims of one check, in two expectations, of which each may hold and both cannot. */
function tellApart(source: Located, expect: Parts['expect']): void {
  const of = (check: string) =>
    expect.filter(one => one.check === check).map(one => ({path: one.path, ...paramsOf(one)}) as Claimed)
  const promoted = of('promoted')
  for (const [index, {path, is, not}] of promoted.entries()) {
    const before = promoted.slice(0, index)
    if (before.some(one => (is !== undefined && one.not === is) || (not !== undefined && one.is === not)))
      source.tell(path, `nobody is and is not ${is ?? not}: one \`promoted\` here contradicts another`)
    const other = before.find(one => one.is !== undefined && hostName.test(one.is) && one.is !== is)?.is
    if (is !== undefined && hostName.test(is) && other !== undefined)
      source.tell(path, `${other} and ${is} are not one host, and \`promoted\` names each for the same promotion`)
  }
  const gaps = of('unavailability')
  for (const [index, one] of gaps.entries())
    for (const op of ['writes', 'reads'] as const)
      for (const other of gaps.slice(0, index)) {
        const least = Math.max(milliseconds(one[op]?.['at-least']) ?? 0, milliseconds(other[op]?.['at-least']) ?? 0)
        const limits = [one, other].map(each => milliseconds(each[op]?.['at-most']) ?? Number.POSITIVE_INFINITY)
        if (least > Math.min(...limits))
          source.tell(one.path, `no time without ${op} is at least ${ms(least)} and at most ${ms(Math.min(...limits))}`)
      }
  const never = of('nobody-promoted').find(({until}) => until === 'end')
  const takes = expect.find(({check}) => ['failover', 'promoted', 'new-leader'].includes(check))
  if (never !== undefined && takes !== undefined)
    source.tell(never.path, `\`nobody-promoted\` to the end and \`${takes.check}\` cannot both hold`)
}

interface Claimed {
  readonly path: Path
  readonly is?: string
  readonly not?: string
  readonly until?: unknown
  readonly writes?: {readonly 'at-least'?: unknown; readonly 'at-most'?: unknown}
  readonly reads?: {readonly 'at-least'?: unknown; readonly 'at-most'?: unknown}
}

/** As written, or as read. */
function milliseconds(limit: unknown): number | undefined {
  if (typeof limit === 'number') return limit
  const read = duration.safeParse(limit)
  return read.success ? read.data : undefined
}

function tellContradiction(source: Located, expect: Parts['expect']): void {
  const two = expect.find(({check}) => check === 'two-writable-primaries')
  const one = expect.find(one => one.check === 'one-writable-primary' && paramsOf(one)['seen-by'] !== 'proxied-clients')
  if (two && one)
    source.tell(
      two.path,
      '`one-writable-primary` and `two-writable-primaries` cannot both hold; what clients behind the proxy see is `one-writable-primary: {seen-by: proxied-clients}`',
    )
}

const ofMany = new Set(['replicas', 'etcd-followers', 'etcd-majority', 'etcd', 'proxies', 'servers', 'all', 'everyone'])

/** The parameter by which a fault that lies between hosts would lie between one host and itself. */
function fromItself(step: Step): string | null {
  const fault = step.do === 'inject' ? faults[step.fault] : undefined
  if (step.do !== 'inject' || fault?.isBetween?.(step.params) !== true) return null
  const [on = '', ...others] = new Set([step.on].flat())
  if (others.length > 0 || ofMany.has(on)) return null
  const isOne = (selectors as readonly string[]).includes(on) || hostName.test(on)
  const named = namedIn(fault.params, step.params)
  const [first] = named
  return isOne && first !== undefined && named.every(({word}) => word === on) ? String(first.path[0]) : null
}

function sayFromItself(step: Step, key: string): string {
  return `${step.do === 'inject' ? sayWhom([...new Set([step.on].flat())]) : 'it'} is cut from itself: name another host, or leave \`${key}\` out to cut it from all others`
}
