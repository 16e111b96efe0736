/**
 * docs/reference/played.md, from docs/played.json, which has how the scenarios ended when they were played on each topology:
 *
 *     ./pgha-lab chaos --suite all --topology vip --parallel 2 --json > vip.json
 *     node docs/make-played.ts vip.json
 *
 * Each file of a suite takes the place of what was known of its scenarios there, but for one that is inconclusive now and was not
 * before. Without a file the page is made anew. A unit test holds that it is current.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Scenario, settingsFor, suites} from '../lab/scenario/index.ts'
import type {Topology} from '../lab/topology/topology.ts'
import {loadTopology, presetNames} from '../lab/topology/topology-file.ts'

const data = join(import.meta.dirname, 'played.json')
const page = join(import.meta.dirname, 'reference', 'played.md')

interface Cell {
  readonly ending: string
  /** Why it did not pass. */
  readonly says?: string
  /** What the lab was raised with besides, as `--set` takes it, where the scenario does not say that itself. */
  readonly with?: readonly string[]
  /** The day, UTC. */
  readonly on: string
}

/** Topology -> scenario. */
type Played = Readonly<Record<string, Readonly<Record<string, Cell>>>>

const signs: Readonly<Record<string, string>> = {
  passed: '✔',
  failed: '**✘**',
  inconclusive: '?',
  skipped: '–',
}

export function playedDoc(played: Played = read()): string {
  const topologies = presetNames()
  const grouped = [...suites()]
  return `\
# Which scenario was played on which topology

<!-- Made by docs/make-played.ts from docs/played.json, which has the endings of real runs. -->

Each sign is a run on a lab of that topology with the profile \`fast\`, as \`./pgha-lab chaos --suite all --topology NAME\` plays it:
✔ passed, **✘** failed, ? inconclusive, – what it needs cannot be there ([why](#what-cannot-be-there)), nothing: not played yet;
⁺ on a lab with what the scenario needs and the preset has not ([what](#with-more-than-the-preset-has)), which is raised for it.
Runs with one to three labs at once on two cores; where one was inconclusive for want of a quiet machine it was played again.

| scenario | ${topologies.map(name => `\`${name}\``).join(' | ')} |
| --- |${topologies.map(() => ' :-: |').join('')}
${grouped
  .flatMap(([, all]) => all)
  .map(
    ({name}) =>
      `| [${name}](scenarios.md#${name}) | ${topologies.map(one => signOf(one, name, played[one]?.[name])).join(' | ')} |`,
  )
  .join('\n')}
| passed of played | ${topologies.map(one => tally(Object.values(played[one] ?? {}))).join(' | ')} |

## What cannot be there

${reasons(played)}

## With more than the preset has

${raised(played)}
${failures(played)}`
}

function signOf(topology: string, scenario: string, cell: Cell | undefined): string {
  if (cell === undefined) return ''
  const isMore = cell.ending !== 'skipped' && moreThan(topology, scenario, cell).length > 0
  return `${signs[cell.ending] ?? cell.ending}${isMore ? '⁺' : ''}`
}

/** What a lab of this preset was given for this scenario, as `--set` takes it. */
function moreThan(topology: string, name: string, cell: Cell): readonly string[] {
  const scenario = scenariosByName().get(name)
  const needed = scenario === undefined ? [] : settingsFor(scenario, presetAt(topology))
  return [...needed, ...(cell.with ?? [])]
}

let byName: ReadonlyMap<string, Scenario> | undefined

function scenariosByName(): ReadonlyMap<string, Scenario> {
  byName ??= new Map([...suites().values()].flat().map(one => [one.name, one]))
  return byName
}

const presets = new Map<string, Topology>()

function presetAt(topology: string): Topology {
  const known = presets.get(topology) ?? loadTopology({topology, profile: 'fast'})
  presets.set(topology, known)
  return known
}

/** Of each scenario what labs were given for it. */
function raised(played: Played): string {
  const all = cellsOf(played).flatMap(({topology, scenario, cell}) => {
    const more = cell.ending === 'skipped' ? [] : moreThan(topology, scenario, cell)
    return more.length === 0 ? [] : [{topology, what: `${scenario}: \`${more.join(' ')}\``}]
  })
  return [...Map.groupBy(all, ({what}) => what)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([what, where]) => `- ${what} on ${where.map(one => `\`${one.topology}\``).join(', ')}.`)
    .join('\n')
}

function tally(cells: readonly Cell[]): string {
  const ran = cells.filter(({ending}) => ending !== 'skipped')
  return ran.length === 0 ? '' : `${ran.filter(({ending}) => ending === 'passed').length} of ${ran.length}`
}

/** Of each reason which scenarios, and on which topologies. */
function reasons(played: Played): string {
  const all = cellsOf(played).filter(({cell}) => cell.ending === 'skipped')
  return [...Map.groupBy(all, ({scenario, cell}) => `${scenario}: ${cell.says ?? ''}`)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([says, where]) => `- ${says}: ${where.map(one => `\`${one.topology}\``).join(', ')}.`)
    .join('\n')
}

function failures(played: Played): string {
  const all = cellsOf(played).filter(({cell}) => cell.ending !== 'passed' && cell.ending !== 'skipped')
  if (all.length === 0) return ''
  const rows = all.map(({topology, scenario, cell}) => `- \`${topology}\`, ${scenario}: ${cell.ending}. ${cell.says}`)
  return `\n## What did not pass\n\n${rows.join('\n')}\n`
}

function cellsOf(played: Played) {
  return Object.entries(played).flatMap(([topology, all]) =>
    Object.entries(all).map(([scenario, cell]) => ({topology, scenario, cell})),
  )
}

function read(): Played {
  return JSON.parse(readFileSync(data, 'utf8')) as Played
}

interface Suite {
  readonly topology?: string
  /** What its lab was raised with besides. */
  readonly with?: readonly string[]
  readonly scenarios: readonly {readonly scenario: string; readonly ending: string; readonly headline: string}[]
}

/** With what the suite of a file has found, as of that day. */
export function withSuite(played: Played, {topology = 'colocated', with: more, scenarios}: Suite, on: string): Played {
  const known: Record<string, Cell> = {...played[topology]}
  for (const {scenario, ending, headline} of scenarios) {
    const before = known[scenario]
    if (ending === 'inconclusive' && before !== undefined && before.ending !== 'inconclusive') continue
    if (signs[ending] === undefined) continue // it did not come to an end of its own
    known[scenario] = {
      ending,
      ...(ending === 'passed' ? {} : {says: reasonIn(headline)}),
      ...(more === undefined ? {} : {with: more}),
      on,
    }
  }
  const sorted = Object.fromEntries(Object.entries(known).toSorted(([a], [b]) => a.localeCompare(b)))
  return Object.fromEntries(Object.entries({...played, [topology]: sorted}).toSorted(([a], [b]) => a.localeCompare(b)))
}

/** Without what the table tells, and without where the preset's file lies on this machine. */
function reasonIn(headline: string): string {
  return headline
    .replace(/^skipped: [a-z-]+ cannot run here: /, '')
    .replace(/^[a-z-]+ needs /, 'it needs ')
    .replaceAll(/\S*\/compose\/presets\//g, '')
}

if (import.meta.main) {
  const files = process.argv.slice(2)
  const today = new Date().toISOString().slice(0, 10)
  const played = files.reduce(
    (all, file) => withSuite(all, JSON.parse(readFileSync(file, 'utf8')) as Suite, today),
    read(),
  )
  if (files.length > 0) writeFileSync(data, `${JSON.stringify(played, null, 1)}\n`)
  writeFileSync(page, playedDoc(played))
}
