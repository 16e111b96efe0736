/**
 * Where a unit has to be known besides its own file, as docs/how/add-a-unit.md says it: each function names the places that do not
 * know one. What is shown is asked of the functions that show it, not of the files in which they are.
 */
import {sayEvidence} from '../../cli/render/say-event.ts'
import {emptyView, fold} from '../../cli/ui/view.ts'
import type {Fault} from '../../lab/breaking/fault.ts'
import type {Event, Mend} from '../../lab/history/event.ts'
import {story} from '../../lab/judge/story.ts'
import {choices} from '../../lab/storm/catalogue.ts'
import type {Topology} from '../../lab/topology/topology.ts'
import {Random} from '../../lab/words/random.ts'
import {firstCells, sections} from '../docs/markdown.ts'

/** Values of a module's exports that are units of a kind, whatever they are called. */
export function unitsIn(module: object, has: readonly string[]): unknown[] {
  return Object.values(module).filter(
    value => typeof value === 'object' && value !== null && has.every(key => Object.hasOwn(value, key)),
  )
}

/** A file of a room whose unit the index of that room (`index.ts`, for faults `all.ts`) does not list. */
export function unlisted(modules: ReadonlyMap<string, object>, has: readonly string[], listed: readonly unknown[]) {
  return [...modules].flatMap(([file, module]) =>
    unitsIn(module, has).some(unit => !listed.includes(unit))
      ? [`${file}: its unit is not in the index of its room`]
      : [],
  )
}

export interface Pages {
  readonly faults: string
  readonly verdicts: string
  readonly scenarios: string
}

export function walkFault(
  name: string,
  {neverDrawn}: Pick<Fault<unknown>, 'about' | 'neverDrawn'>,
  pages: Pages,
  drawn: ReadonlySet<string>,
): string[] {
  const section = (sections(pages.faults).get(name) ?? '').replaceAll(/\s+/g, ' ')
  return complaints(`the fault ${name}`, {
    'has no section in docs/reference/faults.md': !sections(pages.faults).has(name),
    'is neither drawn by a storm (its `storm`) nor says why not (`neverDrawn`)':
      neverDrawn === undefined && !drawn.has(name),
    'says why no storm draws it, and one does': neverDrawn !== undefined && drawn.has(name),
    'does not have its `neverDrawn` after `**Storms** never draw it:` in its section':
      neverDrawn !== undefined && !section.includes(`**Storms** never draw it: ${neverDrawn}.`),
    'does not say in its section how it is seen to last (**Lasts**)':
      sections(pages.faults).has(name) && !section.includes('- **Lasts**: '),
    'is never drawn according to its section': neverDrawn === undefined && section.includes('**Storms** never'),
  })
}

/** What a storm draws of some of these topologies, whatever the dice say. */
export function drawnOf(topologies: readonly Topology[]): ReadonlySet<string> {
  const all = topologies.flatMap(topology => choices(topology, {beyondQuorum: true}))
  const seeds = Array.from({length: 20}, (_, seed) => seed)
  return new Set(all.flatMap(one => seeds.map(seed => one.draw(new Random(seed)).fault)))
}

export function walkCheck(name: string, pages: Pages, planted: Readonly<Record<string, unknown>>): string[] {
  return complaints(`the check ${name}`, {
    'has no row in docs/reference/verdicts.md': !firstCells(sections(pages.verdicts).get('The checks') ?? '').includes(
      name,
    ),
    'has no violation planted in test/lab/checks/plants.ts': !Object.hasOwn(planted, name),
  })
}

export function walkScenario(name: string, pages: Pages, recorded: ReadonlySet<string>): string[] {
  return complaints(`the scenario ${name}`, {
    'has no section in docs/reference/scenarios.md': !pages.scenarios.includes(`\n### ${name}\n`),
    'has no recorded run in test/histories': !recorded.has(name),
  })
}

/**
 * Kinds of events that a person gets to see in words or as something that moves: on the screen, in the story of a report, or where
 * they prove something. Evidence of which nobody has the words is printed field by field; that does not count.
 */
export function shownKinds(runs: readonly (readonly Event[])[]): ReadonlySet<string> {
  return new Set(runs.flatMap(events => [...onScreen(events), ...told(events), ...inWords(events)]))
}

function onScreen(events: readonly Event[]): string[] {
  let view = emptyView
  return events.flatMap(event => {
    const before = view
    view = fold(view, event)
    const fields = Object.keys(view) as (keyof typeof view)[]
    return fields.some(field => view[field] !== before[field]) ? [event.kind] : []
  })
}

function told(events: readonly Event[]): string[] {
  return story({events}).map(line => line.event)
}

function inWords(events: readonly Event[]): string[] {
  return events.filter(event => !sayEvidence(event).startsWith(`${event.kind}: `)).map(event => event.kind)
}

export function walkEvent(
  kind: string,
  known: {readonly samples: ReadonlySet<string>; readonly shown: ReadonlySet<string>},
  reasons: Readonly<Record<string, string>>,
): string[] {
  const reason = reasons[kind]
  return complaints(`the event ${kind}`, {
    'is in no recorded run and in no sample of test/units/samples.ts': !known.samples.has(kind),
    'is shown nowhere, and `unshown` in test/units/samples.ts has no reason for that':
      !known.shown.has(kind) && reason === undefined,
    'is shown, though `unshown` in test/units/samples.ts says why not': known.shown.has(kind) && reason !== undefined,
  })
}

/** @param found the mends that `broken` finds in a lab in which everything is broken. */
export function walkMend(mend: Mend['do'], found: ReadonlySet<string>): string[] {
  return complaints(`the mend ${mend}`, {
    'is not found by lab/healing/broken.ts in a lab in which everything is broken': !found.has(mend),
  })
}

function complaints(who: string, all: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(all).flatMap(([says, holds]) => (holds ? [`${who} ${says}`] : []))
}
