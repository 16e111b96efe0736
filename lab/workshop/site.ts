/** The lab that a lesson is about, as far as a lesson looks at it. */
import {existsSync, readdirSync} from 'node:fs'
import {join} from 'node:path'
import {isDeepStrictEqual} from 'node:util'
import {resolve} from '../cluster/selector.ts'
import type {Lab} from '../engine/lab.ts'
import {loadRun} from '../state/find-run.ts'
import {runsFolder} from '../state/folders.ts'
import {appDatabase, type HostName, type Topology} from '../topology/topology.ts'
import {loadTopology} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {predicted} from './answers.ts'
import {askLab, type FactName} from './facts.ts'
import type {Lesson, NeededLab, Source} from './lesson.ts'
import {type Played, played, runValue} from './run-values.ts'
import {count, type Truth, word} from './truth.ts'

/** What a lesson asks, each of them at that moment. Tests have one of their own. */
export interface Site {
  readonly lab: string
  readonly hosts: readonly HostName[]
  /** @throws LabError when nobody tells. */
  fact(name: FactName): Promise<Truth>
  /** The newest run of the scenario that began since then and has come to its end; a string says what there is instead. */
  run(scenario: string, since: Date | null): Promise<Played | string>
  query(sql: string): Promise<string>
  predicted(source: Extract<Source, {from: 'model'}>): Truth
  /** The host that a selector means now. */
  host(selector: string): Promise<HostName>
}

/** @param lab null: the lesson needs none, and the model goes by these timings. */
export function siteOf(lab: Lab | null, name: string, topology: Topology): Site {
  const known = new Map<string, Played>()
  const there = (): Lab => {
    if (lab !== null) return lab
    throw new LabError('no-lab', 'this lesson is played without a lab', {hint: onLab(name, 'up')})
  }
  return {
    lab: name,
    hosts: topology.hosts.map(one => one.name),
    fact: fact => askLab(there(), fact),
    run: (scenario, since) => newestRun(name, scenario, since, known),
    query: async sql => query(there(), sql),
    predicted: source => predicted(source, topology),
    host: async selector => (await resolve(there(), selector))[0]!,
  }
}

/** What is right by a source. @throws LabError when nobody tells. */
export async function truthOf(source: Source, site: Site, since: Date | null): Promise<Truth> {
  switch (source.from) {
    case 'lab':
      return site.fact(source.fact)
    case 'model':
      return site.predicted(source)
    case 'lesson':
      return count(source.number, `it is ${source.number}`)
    case 'query': {
      const said = await site.query(source.sql)
      return /^\d+$/.test(said) ? count(Number(said), `PostgreSQL says ${said}`) : word(said, `PostgreSQL says ${said}`)
    }
    case 'run': {
      const one = await site.run(source.scenario, since)
      if (typeof one === 'string')
        throw new LabError('not-ready', one, {hint: onLab(site.lab, 'chaos', source.scenario)})
      const value = runValue(one, source.of)
      if (value !== null) return value
      throw new LabError('not-ready', `the run ${one.name} does not tell ${source.of}: ${one.report.headline}`, {
        hint: onLab(site.lab, 'chaos', source.scenario),
      })
    }
  }
}

/** `20261128T085412Z-kill-leader`: when it began, to the second, and what it played. */
const runName = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(.+)$/

async function newestRun(
  lab: string,
  scenario: string,
  since: Date | null,
  known: Map<string, Played>,
): Promise<Played | string> {
  const all = runsOf(lab).filter(one => one.scenario === scenario)
  const newest = all.at(-1)
  if (newest === undefined) return `lab ${lab} has no run of ${scenario} yet`
  // Names have seconds.
  if (since !== null && newest.began < Math.floor(since.getTime() / 1000) * 1000)
    return `the newest run of ${scenario} is from before: ${newest.name}`
  const folder = join(runsFolder(lab), newest.name)
  if (!existsSync(join(folder, 'report.json'))) return `the run ${newest.name} has not come to its end yet`
  const found = known.get(newest.name)
  if (found !== undefined) return found
  const {history} = await loadRun({folder, events: join(folder, 'events.ndjson')})
  const one = played(newest.name, history)
  known.set(newest.name, one)
  return one
}

function runsOf(lab: string): readonly {readonly name: string; readonly scenario: string; readonly began: number}[] {
  const folder = runsFolder(lab)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .flatMap(name => {
      const [, year, month, day, hour, minute, second, scenario = ''] = runName.exec(name) ?? []
      if (year === undefined) return []
      return [{name, scenario, began: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)}]
    })
}

/** One value, of the leader's database of the clients; it can change nothing. */
async function query(lab: Lab, text: string): Promise<string> {
  const [{sql}, {leaderOf}] = await Promise.all([import('../cluster/sql.ts'), import('../cluster/patroni-keys.ts')])
  const rows = await sql<[unknown]>(lab, await leaderOf(lab), text, [], {database: appDatabase, readOnly: true})
  return String(rows[0]?.[0] ?? '')
}

/** Whether a lab is one that the lesson can be played on: its hosts are the same, and so is each setting that the lesson asks for. */
export function fits({lab}: Pick<Lesson, 'lab'>, topology: Topology): boolean {
  if (lab === null) return true
  const {release} = topology
  const profile = lab.profile ?? topology.profile
  if (topology.profile !== profile) return false
  const wanted = loadTopology({...lab, profile, release})
  return (
    isDeepStrictEqual(wanted.hosts, topology.hosts) && isAsAsked(wanted, loadTopology({profile, release}), topology)
  )
}

/** What the wanted one has beyond the usual one, the other has too. */
function isAsAsked(wanted: unknown, usual: unknown, has: unknown): boolean {
  if (isDeepStrictEqual(wanted, usual)) return true
  if (!isObject(wanted) || !isObject(has)) return isDeepStrictEqual(wanted, has)
  const beside = isObject(usual) ? usual : {}
  return Object.entries(wanted).every(([key, value]) => key === 'hosts' || isAsAsked(value, beside[key], has[key]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `up` takes for it. @param profile where the lesson says none. */
export function raising({topology, profile, set}: NeededLab, other: string): readonly string[] {
  return [
    ...(topology === undefined ? [] : ['--topology', topology]),
    ...['--profile', profile ?? other],
    ...set.flatMap(one => ['--set', one]),
  ]
}
