/** A scenario file: parsed, every name resolved, every value checked, before anything is touched. */
import {existsSync, readdirSync} from 'node:fs'
import {basename, join} from 'node:path'
import {z} from 'zod'
import {checks} from './checks/index.ts'
import {Located, type Path, readText, suggestion, unknownKey} from './decode.ts'
import {LabError} from './errors.ts'
import {faults} from './faults/index.ts'
import {packageRoot} from './package-root.ts'
import {duration, rate} from './quantity.ts'
import {selectors} from './selector.ts'
import {hostsWith, type Topology} from './topology.ts'

/** Through which port of the proxy a group of clients goes. */
export interface ClientGroup {
  readonly kind: 'writers' | 'readers'
  readonly count: number
  /** Operations a second, all clients of the group together. */
  readonly perSecond: number
  readonly through: 'primary' | 'replicas'
}

/** Milliseconds, or what the topology's own timings imply. */
export type Within = number | 'budget'

export type Step =
  | {readonly do: 'inject'; readonly fault: string; readonly on: string; readonly as: string; readonly params: unknown}
  | {readonly do: 'heal'; readonly as: string}
  | {readonly do: 'hold'; readonly forMs: number}
  | {readonly do: 'until'; readonly check: string; readonly params: unknown; readonly within: Within}
  | {readonly do: 'say'; readonly says: string}

export interface Expectation {
  readonly check: string
  readonly params: unknown
}

export interface Scenario {
  readonly name: string
  readonly about: string
  readonly needs: {readonly postgres: number; readonly etcd: number}
  readonly clients: readonly ClientGroup[]
  readonly steps: readonly Step[]
  readonly expect: readonly Expectation[]
}

/** Load stays bounded, whatever a file says. */
const mostClients = 200
const mostPerSecond = 2000
const longestHoldMs = 10 * 60_000

const groupOf = {
  count: z
    .int({error: 'a whole number of clients'})
    .min(1, 'at least 1 client')
    .max(mostClients, `at most ${mostClients} clients`),
  rate: rate.refine(perSecond => perSecond > 0 && perSecond <= mostPerSecond, `a rate from 1/s to ${mostPerSecond}/s`),
  through: z.enum(['primary', 'replicas'], {error: '`through` is primary or replicas'}),
}

const head = z.strictObject({
  about: z
    .string({error: '`about` says in a sentence what must happen'})
    .trim()
    .min(10, '`about` says in a sentence what must happen'),
  needs: z.strictObject({postgres: z.int().min(1).optional(), etcd: z.int().min(1).optional()}).optional(),
  clients: z
    .array(z.looseObject({}), {error: '`clients` is a list of groups'})
    .min(1, 'without clients there is nothing to observe'),
  steps: z
    .array(z.looseObject({}, {error: 'a step is a mapping such as `hold: 2s`'}), {error: '`steps` is a list'})
    .min(1, 'a scenario without steps does nothing'),
  expect: z
    .array(z.unknown(), {error: '`expect` is a list of checks'})
    .min(1, 'a scenario that expects nothing cannot fail'),
})

const held = duration.refine(ms => ms <= longestHoldMs, `at most ${longestHoldMs / 60_000} minutes`)
const withinOf = z.union([z.literal('budget'), duration], {
  error: issue =>
    `${duration.safeParse(issue.input).error?.issues[0]?.message ?? 'a duration such as 10s'}, or the word budget`,
})

const verbs = ['inject', 'heal', 'hold', 'until', 'say'] as const

/** @throws LabError `config` that names file, line and column. */
export function parseScenario(file: string, text: string): Scenario {
  const source = new Located(file, text, 'scenario')
  const {about, needs, clients, steps, expect} = source.decode(head)
  const named = new Set<string>()
  return {
    name: basename(file).replace(/\.ya?ml$/, ''),
    about: about.replace(/\s+/g, ' '),
    needs: {postgres: needs?.postgres ?? 1, etcd: needs?.etcd ?? 1},
    clients: clients.map((_, index) => group(source, ['clients', index])),
    steps: steps.map((_, index) => step(source, ['steps', index], named)),
    expect: expect.map((_, index) => expectation(source, ['expect', index])),
  }
}

function group(source: Located, path: Path): ClientGroup {
  const kind = 'readers' in (at(source, path) as object) ? 'readers' : 'writers'
  const {
    rate,
    through,
    [kind]: count,
  } = source.decode(z.strictObject({[kind]: groupOf.count, rate: groupOf.rate, through: groupOf.through}), path) as {
    rate: number
    through: 'primary' | 'replicas'
    [kind]: number
  }
  if (kind === 'writers' && through === 'replicas')
    throw source.complaint([...path, 'through'], 'writers go through primary')
  return {kind, count: Number(count), perSecond: rate, through}
}

function step(source: Located, path: Path, named: Set<string>): Step {
  const written = at(source, path) as Record<string, unknown>
  const verb = verbs.find(one => one in written)
  if (verb === undefined) {
    const [first = ''] = Object.keys(written)
    throw source.complaint(
      path,
      `a step begins with one of ${verbs.join(', ')}${first ? `, not \`${first}\`${suggestion(first, []) || near(first)}` : ''}`,
      first,
    )
  }
  switch (verb) {
    case 'hold':
      return {do: 'hold', forMs: source.decode(z.strictObject({hold: held}), path).hold}
    case 'say':
      return {do: 'say', says: source.decode(z.strictObject({say: z.string()}), path).say}
    case 'heal': {
      const as = source.decode(z.strictObject({heal: z.string()}), path).heal
      if (!named.has(as))
        throw source.complaint([...path, 'heal'], `no earlier step injects \`${as}\`${suggestion(as, [...named])}`)
      return {do: 'heal', as}
    }
    case 'until': {
      const {until, within} = source.decode(z.strictObject({until: z.unknown(), within: withinOf}), path)
      if (until === undefined) throw source.complaint(path, '`until` names a check')
      return {
        do: 'until',
        within,
        ...expectation(source, [...path, 'until'], within === 'budget' ? {} : {within: written.within}),
      }
    }
    case 'inject':
      return inject(source, path, written, named)
  }
}

function near(word: string): string {
  const found = suggestion(word, verbs)
  return found.startsWith(', did') ? found : ''
}

function inject(source: Located, path: Path, written: Record<string, unknown>, named: Set<string>): Step {
  const {
    inject: name,
    on,
    as,
  } = source.decode(
    z.looseObject({
      inject: z.string(),
      on: z.string({error: `\`on\` names whom: ${selectors.join(', ')}, or a host`}),
      as: z.string().optional(),
    }),
    path,
  )
  const fault = faults[name]
  if (fault === undefined)
    throw source.complaint([...path, 'inject'], `there is no fault \`${name}\`${suggestion(name, Object.keys(faults))}`)
  const own = Object.fromEntries(Object.entries(written).filter(([key]) => !['inject', 'on', 'as'].includes(key)))
  const params = checked(source, path, fault.params, own)
  const id = as ?? name
  if (named.has(id))
    throw source.complaint(
      [...path, as === undefined ? 'inject' : 'as'],
      `an earlier step is called \`${id}\` already; give this one a name of its own with \`as\``,
    )
  named.add(id)
  return {do: 'inject', fault: name, on, as: id, params}
}

/** A check with its parameters: `name`, or `name: {parameter: value}`. `extra` are parameters that the step itself carries. */
function expectation(source: Located, path: Path, extra: Record<string, unknown> = {}): Expectation {
  const written = at(source, path)
  const [[name, params] = [], ...more] = Object.entries(
    typeof written === 'string' ? {[written]: {}} : ((written ?? {}) as object),
  )
  if (name === undefined || more.length > 0)
    throw source.complaint(path, 'an expectation is the name of a check, or `name: {parameter: value}`')
  const place = typeof written === 'string' ? path : [...path, name]
  const check = checks[name as keyof typeof checks]
  if (check === undefined)
    throw source.complaint(
      path,
      `there is no check \`${name}\`${suggestion(name, Object.keys(checks))}`,
      typeof written === 'string' ? undefined : name,
    )
  const known = knownParams(check.params)
  const own = {
    ...Object.fromEntries(Object.entries(extra).filter(([key]) => known.includes(key))),
    ...((params ?? {}) as object),
  }
  return {check: name, params: checked(source, place, check.params, own)}
}

function knownParams(params: z.ZodType): string[] {
  return params instanceof z.ZodObject ? Object.keys(params.shape) : []
}

/** Checks a unit's parameters and keeps them as written: the history holds what a person can read and the judge can decode again. */
function checked(source: Located, path: Path, schema: z.ZodType, params: unknown): unknown {
  const result = schema.safeParse(params)
  if (result.success) return params
  const [issue] = result.error.issues
  const at = [...path, ...((issue?.path ?? []) as (string | number)[])]
  if (issue?.code === 'unrecognized_keys')
    throw source.complaint(at, unknownKey(issue.keys[0] ?? '', knownParams(schema)), issue.keys[0])
  if (
    issue?.code === 'invalid_type' &&
    issue.input === undefined &&
    !((issue.path.at(-1) as string) in (params as object))
  )
    throw source.complaint(path, `\`${String(issue.path.at(-1))}\` is missing`)
  throw source.complaint(at, issue?.message ?? 'not valid')
}

function at(source: Located, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], source.value)
}

/** A step in words. */
export function sayStep(step: Step): string {
  switch (step.do) {
    case 'inject':
      return `${step.fault} ${String((step.params as {what?: string}).what ?? '')} on ${step.on}`.replace('  ', ' ')
    case 'heal':
      return `heal ${step.as}`
    case 'hold':
      return `hold ${step.forMs / 1000} s`
    case 'until':
      return `until ${step.check}`
    case 'say':
      return step.says
  }
}

/** The topology must have what the scenario needs. @throws LabError `config` */
export function bind(scenario: Scenario, topology: Topology): void {
  const has = {postgres: hostsWith(topology, 'patroni').length, etcd: hostsWith(topology, 'etcd').length}
  for (const service of ['postgres', 'etcd'] as const)
    if (has[service] < scenario.needs[service])
      throw new LabError(
        'config',
        `${scenario.name} needs ${scenario.needs[service]} ${service} hosts, this lab has ${has[service]}`,
        {
          hint: 'pgha-lab down, then pgha-lab up with a larger topology',
        },
      )
}

const folder = join(packageRoot, 'scenarios')

/** The scenarios that come with pgha-lab, by name. */
export function scenarioNames(): string[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.replace(/\.yaml$/, ''))
    .sort()
}

/** Where a scenario's file is: a name of ours, or a path. @throws LabError `usage` with the nearest name. */
export function scenarioFile(nameOrPath: string): string {
  if (/[/\\]|\.ya?ml$/.test(nameOrPath)) return nameOrPath
  const file = join(folder, `${nameOrPath}.yaml`)
  if (existsSync(file)) return file
  throw new LabError('usage', `there is no scenario \`${nameOrPath}\`${suggestion(nameOrPath, scenarioNames())}`, {
    hint: 'pgha-lab scenarios lists them; a file of yours is named by its path',
  })
}

export function loadScenario(nameOrPath: string): Scenario {
  const file = scenarioFile(nameOrPath)
  return parseScenario(file, readText(file, 'scenario'))
}
