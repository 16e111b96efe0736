/** What can be done from the screen of `watch`, and how a person finds it: some letters of it, in their order. */
import type {Scenario, Step, Topology} from '../../lab/index.ts'

type Inject = Extract<Step, {do: 'inject'}>

export interface PaletteEntry {
  readonly does:
    | {readonly do: 'break'; readonly words: readonly string[]}
    | {readonly do: 'scenario'; readonly name: string}
  /** What is shown, and searched. */
  readonly label: string
  readonly about: string
}

interface Sources {
  readonly scenarios: readonly Pick<Scenario, 'name' | 'about' | 'steps'>[]
  /** The words of a fault, as `break` has them. */
  wordsOf(step: Inject): readonly string[]
  aboutFault(fault: string): string
  /** Whom a fault may be done to. */
  readonly selectors: readonly string[]
}

/** Every fault of our scenarios in each of its forms, once and those that most have first, and the scenarios themselves. */
export function paletteOf(
  topology: Topology,
  {scenarios, wordsOf, aboutFault, selectors}: Sources,
): readonly PaletteEntry[] {
  const known = new Set([...selectors, ...topology.hosts.map(host => host.name)])
  const steps = scenarios.flatMap(({steps}) => steps).filter((step): step is Inject => step.do === 'inject')
  // Whom an earlier step has meant, nobody knows outside of its scenario.
  const faults = steps
    .filter(step => [step.on].flat().every(word => known.has(word)))
    .map((step): PaletteEntry => {
      const words = wordsOf(step)
      return {does: {do: 'break', words}, label: words.join(' '), about: aboutFault(step.fault)}
    })
  const played = scenarios.map(
    ({name, about}): PaletteEntry => ({does: {do: 'scenario', name}, label: `scenario ${name}`, about}),
  )
  const used = Map.groupBy(faults, entry => entry.label)
  const once = [...used.values()].toSorted(
    (a, b) => b.length - a.length || a[0]!.label.localeCompare(b[0]!.label, 'en'),
  )
  return [...once.map(([entry]) => entry!), ...played]
}

/**
 * Those that have all letters of the query in their order, the closest first: whole words before letters that are far apart, and early
 * ones before late ones.
 */
export function found(entries: readonly PaletteEntry[], query: string): readonly PaletteEntry[] {
  const letters = query.toLowerCase().replaceAll(/\s+/g, '')
  if (letters === '') return entries
  return entries
    .map(entry => ({entry, cost: costOf(entry.label.toLowerCase(), query.toLowerCase().trim(), letters)}))
    .filter(one => one.cost !== null)
    .toSorted((a, b) => a.cost! - b.cost!)
    .map(one => one.entry)
}

/** Null: a letter is missing. */
function costOf(label: string, query: string, letters: string): number | null {
  const whole = label.indexOf(query)
  if (whole !== -1) return whole === 0 || label[whole - 1] === ' ' ? whole / 1000 : 1 + whole / 1000
  let at = -1
  let gaps = 0
  for (const letter of letters) {
    const next = label.indexOf(letter, at + 1)
    if (next === -1) return null
    // A jump to the beginning of a word is how people abbreviate.
    if (at !== -1 && next !== at + 1) gaps += label[next - 1] === ' ' || label[next - 1] === '-' ? 1 : 3
    at = next
  }
  return 2 + gaps + label.length / 1000
}
