/** A scenario file: parsed, every name resolved, every value checked, before anything is touched. */
import type {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import type {Check} from '../checks/check.ts'
import {checks} from '../checks/index.ts'
import {pgbenchGroup} from '../clients/pgbench.ts'
import {fewestFor, selectors} from '../cluster/selector.ts'
import {faults} from '../faults/index.ts'
import {
  type AgentGroup,
  type ClientGroup,
  type Driver,
  drivers,
  driversOwn,
  type ProgramGroup,
  type Timeouts,
} from '../history/client-group.ts'
import type {EntryName} from '../topology/entries.ts'
import {firstOfEach, Located, type Path} from '../words/decode.ts'
import {didYouMean, nearest, suggestion, unknownKey} from '../words/did-you-mean.ts'
import {wordsOf} from '../words/issue-words.ts'
import {clientGroup, head, type Kind, kinds, steps, verbs} from './grammar.ts'
import {tellImpossible} from './impossible.ts'
import type {Expectation, Needs, Scenario, Step} from './index.ts'
import {calledAs} from './own-files.ts'
import {keysOfParams, namedHosts, namedIn} from './params.ts'
import {namesNobody} from './whom.ts'

/** @throws LabError `config` that names file, line and column of every mistake; nothing else, whatever the text is. */
export function parseScenario(file: string, text: string): Scenario {
  const source = new Located(file, text, 'scenario')
  const written = source.read(head)
  // Also where the head has a mistake: who mends a file wants to know of all.
  const clients = mappings(source, 'clients')
  const programs = new Set<string>()
  const groups = clients.flatMap(path => group(source, path, programs) ?? [])
  const names = new Names()
  const played = mappings(source, 'steps').flatMap(path => {
    const found = step(source, path, names)
    return found === undefined ? [] : [{path, step: found}]
  })
  const expected = items(source, 'expect').flatMap(path => {
    const found = condition(source, path)
    return found === undefined ? [] : [{...found, path, line: source.line(path)}]
  })
  const all = clients.length === groups.length ? groups : []
  tellImpossible(source, {clients: all, steps: played, expect: expected, names: names.all})
  source.mustBeRight()
  if (written === undefined) throw new TypeError('what is not read has a mistake')
  return {
    ...calledAs(file),
    about: written.about.replace(/\s+/g, ' '),
    ...(written.suite === undefined ? {} : {suite: written.suite}),
    needs: needsOf(source, written.needs ?? {}, {clients: groups, steps: played.map(one => one.step)}),
    clients: groups,
    steps: played.map(one => one.step),
    expect: expected.map(({path: _, ...one}) => one),
  }
}

function items(source: Located, key: string): Path[] {
  const written = source.at([key])
  return Array.isArray(written) ? written.map((_, index) => [key, index]) : []
}

/** Those items that can be looked into; of the others the head has told. */
function mappings(source: Located, key: string): Path[] {
  return items(source, key).filter(path => isMapping(source.at(path)))
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The settings are checked by the head and kept as written: a person reads them in the history, and `bind` decodes them. Of hosts it
 * needs those whom it means, and more only where it says so: what comes of a fault on a smaller cluster is for the verdict to say.
 */
function needsOf(
  source: Located,
  {
    postgres = 1,
    etcd = 1,
    candidates,
    quorum,
  }: {
    readonly [key in 'postgres' | 'etcd' | 'candidates' | 'quorum']?: Needs[key] | undefined
  },
  scenario: Pick<Scenario, 'clients' | 'steps'>,
): Needs {
  const fewest = fewestFor(namedHosts(scenario))
  const written = (source.at(['needs']) ?? {}) as Pick<Needs, 'patroni' | 'postgresql' | 'haproxy' | 'pgbouncer'>
  return {
    postgres: Math.max(postgres, fewest.postgres),
    etcd: Math.max(etcd, fewest.etcd),
    ...(written.patroni === undefined ? {} : {patroni: written.patroni}),
    ...(written.postgresql === undefined ? {} : {postgresql: written.postgresql}),
    ...(written.haproxy === undefined ? {} : {haproxy: written.haproxy}),
    ...(written.pgbouncer === undefined ? {} : {pgbouncer: written.pgbouncer}),
    ...(candidates === undefined ? {} : {candidates}),
    ...(quorum === undefined ? {} : {quorum}),
  }
}

/** What an own program may send in a second when nobody says. */
const ownPerSecond = 200

function group(source: Located, path: Path, programs: Set<string>): ClientGroup | undefined {
  const written = source.at(path) as Readonly<Record<string, unknown>>
  const kind: Kind = kinds.find(one => one in written) ?? 'writers'
  if (kind === 'pgbench' || kind === 'client') return program(source, path, kind, programs)
  const read = source.read(clientGroup[kind], path) as
    | ({[key in AgentGroup['kind']]: number} & {
        rate: number
        through?: EntryName
        to?: string
        driver?: Driver
        timeouts?: 'default' | {connect?: number; statement?: number}
      })
    | undefined
  if (read === undefined) return undefined
  const {rate, through, to, driver, timeouts, [kind]: count} = read
  const wrong = wrongWay(kind, read)
  if (wrong !== undefined) source.tell([...path, ...wrong.path], wrong.says, wrong.key)
  const agent = {
    ...{kind, count, perSecond: rate},
    ...(driver === undefined ? {} : {driver}),
    ...(timeouts === undefined ? {} : {timeouts: timeoutsOf(timeouts)}),
  } as const
  return {...agent, through: to === undefined ? (through ?? 'primary') : {to}}
}

function timeoutsOf(written: 'default' | {connect?: number; statement?: number}): Timeouts {
  if (written === 'default') return driversOwn
  const {connect, statement} = written
  return {
    ...(connect === undefined ? {} : {connectMs: connect}),
    ...(statement === undefined ? {} : {statementMs: statement}),
  }
}

/** What is wrong about where a group's clients go. */
function wrongWay(
  kind: AgentGroup['kind'],
  {through, to, driver = 'pg'}: {through?: string; to?: string; driver?: Driver},
): {path: Path; says: string; key?: string} | undefined {
  if (through !== undefined && to !== undefined)
    return {path: [], says: 'a group goes `through` the proxy or directly `to` a host, not both', key: 'to'}
  if (to !== undefined) {
    const nobody = namesNobody(to)
    if (nobody !== undefined) return {path: ['to'], says: nobody}
    if (kind !== 'readers' && /replica|standby/.test(to))
      return {path: ['to'], says: `a replica takes no writes: ${kind} go to the leader or to a host`}
    return undefined
  }
  if (through === undefined)
    return {path: [], says: '`through` (primary or replicas) or `to` (such as leader) is missing'}
  if (kind !== 'readers' && through === 'replicas') return {path: ['through'], says: `${kind} go through primary`}
  if (through === 'members' && driver !== 'psycopg')
    return {
      path: ['through'],
      says: `${driver} cannot look for the primary among several hosts, which \`through: members\` needs: say \`driver: psycopg\``,
    }
  return undefined
}

/** A program that knows nothing of us: pgbench, or a container of the person's own. */
function program(
  source: Located,
  path: Path,
  kind: 'pgbench' | 'client',
  programs: Set<string>,
): ProgramGroup | undefined {
  const read = source.read(clientGroup[kind], path)
  if (read === undefined) return undefined
  const {through} = read
  if (through === undefined) source.tell(path, '`through` (primary or replicas) is missing')
  const way = through ?? 'primary'
  if ('pgbench' in read) {
    if (programs.has('pgbench'))
      source.tell(path, 'there is a group of pgbench already: give that one more clients', 'pgbench')
    programs.add('pgbench')
    return pgbenchGroup(read.pgbench, read.rate, way)
  }
  const {client, rate = ownPerSecond} = read
  const {image, command = [], environment, name = 'client'} = client
  const place = client.name === undefined ? [...path, 'client'] : [...path, 'client', 'name']
  if (reservedNames.includes(name) || /^[dm]?[wrb]\d+$/.test(name))
    source.tell(place, `\`${name}\` is what clients of ours are called; choose another name`)
  else if (programs.has(name))
    source.tell(place, `another client is called \`${name}\` already; give this one a \`name\` of its own`)
  programs.add(name)
  const own = environment === undefined ? {} : {environment}
  return {kind: 'program', name, image, command, ...own, perSecond: rate, through: way}
}

/** A program is told from a driver by its name. */
const reservedNames: readonly string[] = [...drivers, 'pgbench']

/** What the steps so far are called. */
class Names {
  readonly sure = new Set<string>()
  /** Of a step with a mistake: what it may have been meant to be called. Whoever names it has made no mistake of their own. */
  readonly #perhaps = new Set<string>()

  get all(): readonly string[] {
    return [...this.sure, ...this.#perhaps]
  }

  perhaps(...names: readonly unknown[]): void {
    for (const name of names) if (typeof name === 'string') this.#perhaps.add(name)
  }
}

/** In the place of a `within` with a mistake: every check takes it. */
const anyWithin = '1m'

function step(source: Located, path: Path, names: Names): Step | undefined {
  const written = source.at(path) as Readonly<Record<string, unknown>>
  const verb = verbs.find(one => one in written)
  switch (verb) {
    case 'hold': {
      const read = source.read(steps.hold, path)
      return read && {do: 'hold', forMs: read.hold}
    }
    case 'say': {
      const read = source.read(steps.say, path)
      return read && {do: 'say', says: read.say}
    }
    case 'heal': {
      const read = source.read(steps.heal, path)
      if (read === undefined) return undefined
      if (!names.all.includes(read.heal))
        source.tell(
          [...path, 'heal'],
          `no earlier step injects \`${read.heal}\`${suggestion(read.heal, [...names.sure])}`,
        )
      return {do: 'heal', as: read.heal}
    }
    case 'until': {
      const read = source.read(steps.until, path)
      // Of a `within` with a mistake is told here, and not once more by the check that takes it.
      const found = condition(source, [...path, 'until'], read === undefined ? anyWithin : written.within)
      return read && found && {do: 'until', within: read.within, ...found}
    }
    case 'inject':
      return inject(source, path, written, names)
    case undefined:
      noVerb(source, path, written)
      names.perhaps(written.as, ...Object.values(written))
      return undefined
  }
}

function noVerb(source: Located, path: Path, written: object): void {
  const [first = ''] = Object.keys(written)
  source.tell(
    path,
    `a step begins with one of ${verbs.join(', ')}${first ? `, not \`${first}\`` : ''}${didYouMean(first, verbs)}`,
    first,
  )
}

function inject(
  source: Located,
  path: Path,
  written: Readonly<Record<string, unknown>>,
  names: Names,
): Step | undefined {
  const read = source.read(steps.inject, path)
  if (read?.together === true && !followsFault(source, path))
    source.tell(
      [...path, 'together'],
      '`together` is for a fault at the same moment as the one before it: the step right before this one injects none',
    )
  const name = typeof written.inject === 'string' ? written.inject : ''
  const known = Object.hasOwn(faults, name)
  if (!known && typeof written.inject === 'string')
    source.tell([...path, 'inject'], `there is no fault \`${name}\`${suggestion(name, Object.keys(faults))}`)
  // What else is wrong about the step is told by the fault that was probably meant.
  const meant = known ? name : nearest(name, Object.keys(faults))
  const fault: Fault<unknown> | undefined = meant === undefined ? undefined : faults[meant]
  const own = Object.fromEntries(
    Object.entries(written).filter(([key]) => !['inject', 'on', 'as', 'together'].includes(key)),
  )
  const params = fault === undefined ? own : checked(source, path, fault.params, own)
  // A value of another kind is told by the schema already.
  const on = read === undefined ? (typeof written.on === 'string' ? written.on : undefined) : (read.on ?? fault?.on)
  const whom =
    typeof on === 'string' ? [{path: ['on'], word: on}] : on?.map((word, index) => ({path: ['on', index], word}))
  if (on === undefined && read !== undefined && known)
    source.tell(path, `\`on\` is missing: it names whom, such as ${selectors.slice(0, 4).join(', ')} or node1`)
  const named = fault === undefined ? [] : namedIn(fault.params, own)
  for (const {path: inside, word} of [...(whom ?? []), ...named]) {
    const wrong = namesNobody(word, names.all)
    if (wrong !== undefined) source.tell([...path, ...inside], wrong)
  }
  if (read === undefined || !known) {
    names.perhaps(written.as, name, meant)
    return undefined
  }
  const id = read.as ?? name
  if (names.sure.has(id))
    source.tell(
      [...path, read.as === undefined ? 'inject' : 'as'],
      `an earlier step is called \`${id}\` already; give this one a name of its own with \`as\``,
    )
  names.sure.add(id)
  return {do: 'inject', fault: name, on: on ?? '', as: id, params, ...(read.together === true && {together: true})}
}

/** Whether the step right before injects something, also if that has a mistake. */
function followsFault(source: Located, path: Path): boolean {
  const [list, index] = path
  const before = typeof index === 'number' && index > 0 ? source.at([list!, index - 1]) : undefined
  return isMapping(before) && 'inject' in before
}

/**
 * A check with its parameters: `name`, or `name: {parameter: value}`.
 * @param within what the step has, given to a check that takes a `within` and has none of its own.
 */
function condition(source: Located, path: Path, within?: unknown): Pick<Expectation, 'check' | 'params'> | undefined {
  const written = source.at(path)
  const isName = typeof written === 'string'
  const [[name, params] = [], ...more] = isName ? [[written, {}] as const] : entriesOf(written)
  if (name === undefined || more.length > 0) {
    source.tell(path, 'this is the name of a check, or `name: {parameter: value}`')
    return undefined
  }
  const check: Check<unknown> | undefined = Object.hasOwn(checks, name)
    ? (checks[name as keyof typeof checks] as Check<unknown>)
    : undefined
  if (check === undefined) {
    const says = `there is no check \`${name}\`${suggestion(name, Object.keys(checks))}`
    source.tell(path, says, isName ? undefined : name)
    return undefined
  }
  const place = isName ? path : [...path, name]
  const own = params ?? {}
  if (!isMapping(own)) {
    source.tell(place, `the parameters of \`${name}\` are a mapping, such as \`${name}: {parameter: value}\``)
    return undefined
  }
  const takesWithin = within !== undefined && !('within' in own) && keysOfParams(check.params).includes('within')
  const completed = {...own, within}
  // `within: budget` is for every step, and only for some checks.
  const params_ = takesWithin && (within !== 'budget' || check.params.safeParse(completed).success) ? completed : own
  return {check: name, params: checked(source, place, check.params, params_)}
}

function entriesOf(value: unknown): [string, unknown][] {
  return isMapping(value) ? Object.entries(value) : []
}

/** Checks a unit's parameters and keeps them as written: the history holds what a person can read and the judge can decode again. */
function checked(source: Located, path: Path, schema: z.ZodType, params: Readonly<Record<string, unknown>>): unknown {
  const result = schema.safeParse(params)
  if (result.success) return params
  const isMissing = ([key, ...more]: Path) => more.length === 0 && key !== undefined && !(key in params)
  for (const issue of firstOfEach(result.error.issues, isMissing)) {
    const inside = issue.path as (string | number)[]
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) source.tell([...path, ...inside], unknownKey(key, keysOfParams(schema)), key)
    else if (isMissing(inside)) source.tell(path, `\`${inside[0]}\` is missing: ${wordsOf(issue, params)}`)
    else source.tell([...path, ...inside], wordsOf(issue, params))
  }
  return params
}
