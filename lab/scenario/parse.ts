/** A scenario file: parsed, every name resolved, every value checked, before anything is touched. */
import {basename, relative} from 'node:path'
import type {z} from 'zod'
import {checks} from '../checks/index.ts'
import {type AgentGroup, type ClientGroup, type Driver, drivers, type ProgramGroup} from '../client-group.ts'
import {pgbenchGroup} from '../clients/pgbench.ts'
import {Located, type Path, suggestion, unknownKey} from '../decode.ts'
import {faults} from '../faults/index.ts'
import type {Expectation, Needs, Scenario, Step} from '../scenario.ts'
import {selectors} from '../selector.ts'
import type {Check, Fault} from '../unit.ts'
import {clientGroup, head, type Kind, kinds, needs, steps, verbs} from './grammar.ts'
import {keysOfParams, namedIn} from './params.ts'
import {namesNobody} from './whom.ts'

/** @throws LabError `config` that names file, line and column; nothing else, whatever the text is. */
export function parseScenario(file: string, text: string): Scenario {
  const source = new Located(file, text, 'scenario')
  const written = source.decode(head)
  const named = new Set<string>()
  const programs = new Set<string>()
  return {
    name: basename(file).replace(/\.ya?ml$/, ''),
    file: relative('.', file),
    about: written.about.replace(/\s+/g, ' '),
    ...(written.suite === undefined ? {} : {suite: written.suite}),
    needs: needsOf(source),
    clients: written.clients.map((_, index) => group(source, ['clients', index], programs)),
    steps: written.steps.map((_, index) => step(source, ['steps', index], named)),
    expect: written.expect.map((_, index) => ({
      ...condition(source, ['expect', index]),
      line: source.line(['expect', index]),
    })),
  }
}

/** The settings are checked here and kept as written: a person reads them in the history, and `bind` decodes them. */
function needsOf(source: Located): Needs {
  const {postgres = 1, etcd = 1} = source.decode(needs, ['needs']) ?? {}
  const written = (at(source, ['needs']) ?? {}) as Pick<Needs, 'patroni' | 'postgresql'>
  return {
    postgres,
    etcd,
    ...(written.patroni === undefined ? {} : {patroni: written.patroni}),
    ...(written.postgresql === undefined ? {} : {postgresql: written.postgresql}),
  }
}

/** What an own program may send in a second when nobody says. */
const ownPerSecond = 200

function group(source: Located, path: Path, programs: Set<string>): ClientGroup {
  const written = at(source, path) as Readonly<Record<string, unknown>>
  const kind: Kind = kinds.find(one => one in written) ?? 'writers'
  if (kind === 'pgbench' || kind === 'client') return program(source, path, kind, programs)
  const {
    rate,
    through,
    to,
    driver,
    [kind]: count,
  } = source.decode(clientGroup[kind], path) as {
    [key in AgentGroup['kind']]: number
  } & {rate: number; through?: 'primary' | 'replicas' | 'members'; to?: string; driver?: Driver}
  const agent = {kind, count, perSecond: rate, ...(driver === undefined ? {} : {driver})} as const
  if (through !== undefined && to !== undefined)
    throw source.complaint(path, 'a group goes `through` the proxy or directly `to` a host, not both', 'to')
  if (to !== undefined) {
    const wrong = namesNobody(to)
    if (wrong !== undefined) throw source.complaint([...path, 'to'], wrong)
    if (kind !== 'readers' && /replica|standby/.test(to))
      throw source.complaint([...path, 'to'], `a replica takes no writes: ${kind} go to the leader or to a host`)
    return {...agent, through: {to}}
  }
  if (through === undefined)
    throw source.complaint(path, '`through` (primary or replicas) or `to` (such as leader) is missing')
  if (kind !== 'readers' && through === 'replicas')
    throw source.complaint([...path, 'through'], `${kind} go through primary`)
  if (through === 'members' && driver !== 'psycopg')
    throw source.complaint(
      [...path, 'through'],
      `${driver ?? 'pg'} cannot look for the primary among several hosts, which \`through: members\` needs: say \`driver: psycopg\``,
    )
  return {...agent, through}
}

/** A program that knows nothing of us: pgbench, or a container of the person's own. */
function program(source: Located, path: Path, kind: 'pgbench' | 'client', programs: Set<string>): ProgramGroup {
  const missing = () => source.complaint(path, '`through` (primary or replicas) is missing')
  if (kind === 'pgbench') {
    const {pgbench: clients, rate, through} = source.decode(clientGroup.pgbench, path)
    if (through === undefined) throw missing()
    if (programs.has('pgbench'))
      throw source.complaint(path, 'there is a group of pgbench already: give that one more clients', 'pgbench')
    programs.add('pgbench')
    return pgbenchGroup(clients, rate, through)
  }
  const {client, rate = ownPerSecond, through} = source.decode(clientGroup.client, path)
  if (through === undefined) throw missing()
  const {image, command = [], environment, name = 'client'} = client
  const place = client.name === undefined ? [...path, 'client'] : [...path, 'client', 'name']
  if (reservedNames.includes(name) || /^[dm]?[wrb]\d+$/.test(name))
    throw source.complaint(place, `\`${name}\` is what clients of ours are called; choose another name`)
  if (programs.has(name))
    throw source.complaint(place, `another client is called \`${name}\` already; give this one a \`name\` of its own`)
  programs.add(name)
  const own = environment === undefined ? {} : {environment}
  return {kind: 'program', name, image, command, ...own, perSecond: rate, through}
}

/** A program is told from a driver by its name. */
const reservedNames: readonly string[] = [...drivers, 'pgbench']

function step(source: Located, path: Path, named: Set<string>): Step {
  const written = at(source, path) as Readonly<Record<string, unknown>>
  const verb = verbs.find(one => one in written)
  if (verb === undefined) throw noVerb(source, path, written)
  switch (verb) {
    case 'hold':
      return {do: 'hold', forMs: source.decode(steps.hold, path).hold}
    case 'say':
      return {do: 'say', says: source.decode(steps.say, path).say}
    case 'heal': {
      const as = source.decode(steps.heal, path).heal
      if (!named.has(as))
        throw source.complaint([...path, 'heal'], `no earlier step injects \`${as}\`${suggestion(as, [...named])}`)
      return {do: 'heal', as}
    }
    case 'until': {
      const {within} = source.decode(steps.until, path)
      return {do: 'until', within, ...condition(source, [...path, 'until'], written.within)}
    }
    case 'inject':
      return inject(source, path, written, named)
  }
}

function noVerb(source: Located, path: Path, written: object) {
  const [first = ''] = Object.keys(written)
  const near = suggestion(first, verbs)
  return source.complaint(
    path,
    `a step begins with one of ${verbs.join(', ')}${first ? `, not \`${first}\`` : ''}${near.startsWith(', did') ? near : ''}`,
    first,
  )
}

function inject(source: Located, path: Path, written: Readonly<Record<string, unknown>>, named: Set<string>): Step {
  const {inject: name, on: whom, as} = source.decode(steps.inject, path)
  const fault: Fault<unknown> | undefined = Object.hasOwn(faults, name) ? faults[name] : undefined
  if (fault === undefined)
    throw source.complaint([...path, 'inject'], `there is no fault \`${name}\`${suggestion(name, Object.keys(faults))}`)
  const on = whom ?? fault.on
  if (on === undefined)
    throw source.complaint(
      path,
      `\`on\` is missing: it names whom, such as ${selectors.slice(0, 4).join(', ')} or node1`,
    )
  const nobody = namesNobody(on, named)
  if (nobody !== undefined) throw source.complaint([...path, 'on'], nobody)
  const own = Object.fromEntries(Object.entries(written).filter(([key]) => !['inject', 'on', 'as'].includes(key)))
  const params = checked(source, path, fault.params, own)
  for (const {path: inside, word} of namedIn(fault.params, own)) {
    const wrong = namesNobody(word, named)
    if (wrong !== undefined) throw source.complaint([...path, ...inside], wrong)
  }
  const id = as ?? name
  if (named.has(id))
    throw source.complaint(
      [...path, as === undefined ? 'inject' : 'as'],
      `an earlier step is called \`${id}\` already; give this one a name of its own with \`as\``,
    )
  named.add(id)
  return {do: 'inject', fault: name, on, as: id, params}
}

/**
 * A check with its parameters: `name`, or `name: {parameter: value}`.
 * @param within what the step has, given to a check that takes a `within` and has none of its own.
 */
function condition(source: Located, path: Path, within?: unknown): Pick<Expectation, 'check' | 'params'> {
  const written = at(source, path)
  const isName = typeof written === 'string'
  const [[name, params] = [], ...more] = isName ? [[written, {}] as const] : entriesOf(written)
  if (name === undefined || more.length > 0)
    throw source.complaint(path, 'this is the name of a check, or `name: {parameter: value}`')
  const check: Check<unknown> | undefined = Object.hasOwn(checks, name)
    ? (checks[name as keyof typeof checks] as Check<unknown>)
    : undefined
  if (check === undefined)
    throw source.complaint(
      path,
      `there is no check \`${name}\`${suggestion(name, Object.keys(checks))}`,
      isName ? undefined : name,
    )
  const place = isName ? path : [...path, name]
  const own = params ?? {}
  if (typeof own !== 'object' || Array.isArray(own))
    throw source.complaint(
      place,
      `the parameters of \`${name}\` are a mapping, such as \`${name}: {parameter: value}\``,
    )
  const takesWithin = within !== undefined && !('within' in own) && keysOfParams(check.params).includes('within')
  const completed = {...own, within}
  // `within: budget` is for every step, and only for some checks.
  const params_ = takesWithin && (within !== 'budget' || check.params.safeParse(completed).success) ? completed : own
  return {check: name, params: checked(source, place, check.params, params_)}
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
}

/** Checks a unit's parameters and keeps them as written: the history holds what a person can read and the judge can decode again. */
function checked(source: Located, path: Path, schema: z.ZodType, params: object): unknown {
  const result = schema.safeParse(params)
  if (result.success) return params
  const [issue] = result.error.issues
  const inside = (issue?.path ?? []) as (string | number)[]
  if (issue?.code === 'unrecognized_keys')
    throw source.complaint([...path, ...inside], unknownKey(issue.keys[0] ?? '', keysOfParams(schema)), issue.keys[0])
  const last = inside.at(-1)
  const isMissing = inside.length === 1 && last !== undefined && !(last in params)
  if (isMissing) throw source.complaint(path, `\`${last}\` is missing: ${issue?.message}`)
  throw source.complaint([...path, ...inside], issue?.message ?? 'not valid')
}

function at(source: Located, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | null)?.[key], source.value)
}
