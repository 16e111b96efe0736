/** What a scenario claims or does and cannot be true, whatever happens: refused before anything is touched. */
import {selectors} from '../cluster/selector.ts'
import type {ClientGroup} from '../history/client-group.ts'
import {type Located, type Path, suggestion} from '../words/decode.ts'
import type {Expectation, Step} from './index.ts'
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
  for (const {path, step} of parts.steps) if (isFromItself(step)) source.tell(path, fromItself(step), 'from')
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
const readings = 'monotonic-reads read-your-writes'.split(' ')

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

/** One host has no other side. Of its services, Patroni can be cut from the etcd member beside it. */
function isFromItself(step: Step): boolean {
  if (step.do !== 'inject' || step.fault !== 'partition') return false
  const {from, services} = paramsOf(step)
  if (services !== undefined || from === undefined || ofMany.has(step.on)) return false
  const isOne = (selectors as readonly string[]).includes(step.on) || hostName.test(step.on)
  return isOne && [from].flat().every(one => one === step.on)
}

function fromItself(step: Step): string {
  return `${step.do === 'inject' ? step.on : 'it'} is cut from itself: name another host, or leave \`from\` out to cut it from all others`
}
