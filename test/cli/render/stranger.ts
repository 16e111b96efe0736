/** A recorded run as a stranger could hand it over: whatever is a text in it is hostile. */
import type {Event} from '../../../lab/history/event.ts'

/** One of each kind that a terminal obeys, a CI system takes for a command, a reader does not see, or a page would run. */
export const attack = [
  '\u001b[2J\u001b]0;title\u0007\u001b[35m\u009b35m\u009d8;;http://evil.example\u009c\u0085\u007f\u0000\u000b\u0008',
  '\r\n::error file=a.yaml::pwned\n  ::stop-commands::x\n##[error]x ##vso[task.complete result=Succeeded;]x',
  "##teamcity[buildStatus text='x'] section_start:1:x\r\u001b[0Ksection_end:1:x #\u200b#[group]x",
  '\u202e\u2066\u200b\u200d\u2028\u2029\ufeff\u00ad\u{e0041}\u3164\ud800\uffff',
  '</script></style></title><img src=http://evil.example/x onerror=alert(1)>"\'\'){}body{display:none} onload="x',
  '\n# heading\n![i](http://evil.example/i)[l](javascript:alert(1)) @somebody www.evil.example a@evil.example #12 !34',
  '\n```\n| a | b |\n**bold** __x__ <!-- --> ]]> &lt; \\" %0A::error::x \n---\n',
].join(' ')

/** What gives an event or a part of it its shape; strict decoding knows these words only. */
const shapes = new Set(
  'kind op outcome how backend action sign state do what_ check verdict name basis role fault services profile'.split(
    ' ',
  ),
)

export function hostileText(text: string): string {
  return `${text}${attack}`
}

/** Every text leaf but those that `keep` tells apart by their key, and every key of a record of values. */
export function hostile<T>(value: T, keep: (key: string) => boolean = key => shapes.has(key)): T {
  const walk = (one: unknown, key: string): unknown => {
    if (typeof one === 'string') return keep(key) ? one : hostileText(one)
    if (Array.isArray(one)) return one.map(item => walk(item, key))
    if (typeof one !== 'object' || one === null) return one
    const isRecord = key === 'versions' || key === 'measures'
    return Object.fromEntries(
      Object.entries(one).map(([name, inner]) => [
        isRecord && typeof inner === 'string' ? hostileText(name) : name,
        walk(inner, name),
      ]),
    )
  }
  return walk(value, '') as T
}

/** The scenario is kept as it is but for its words: a history with another one could not be judged. */
export function hostileEvents(events: readonly Event[]): Event[] {
  return events.map(event => {
    const told = hostile(event)
    if (event.kind !== 'run-started' || told.kind !== 'run-started') return told
    const {scenario} = event
    return {
      ...told,
      scenario: {
        ...scenario,
        name: hostileText(scenario.name),
        about: hostileText(scenario.about),
        file: hostileText('x.yaml'),
      },
    }
  })
}

/** At most `most` of each kind, spread over the run, in their order. */
export function fewOfEachKind(events: readonly Event[], most: number): Event[] {
  const kept = new Set(
    [...Map.groupBy(events, event => event.kind).values()].flatMap(all => {
      const every = Math.ceil(all.length / most)
      return all.filter((_, index) => index % every === 0)
    }),
  )
  return events.filter(event => kept.has(event))
}

/** One value for each place of a document (all elements of a list are one place), with that place's leaves replaced. */
export function* eachPlaceHostile<T>(document: T): Generator<{place: string; was: unknown; document: T}> {
  const places = new Map<string, unknown>()
  const visit = (value: unknown, place: string) => {
    if (Array.isArray(value)) for (const one of value) visit(one, `${place}[]`)
    else if (typeof value === 'object' && value !== null)
      for (const [key, one] of Object.entries(value)) visit(one, `${place}.${key}`)
    else if (!places.has(place) || places.get(place) === null) places.set(place, value)
  }
  visit(document, '')
  const replaced = (value: unknown, at: string, wanted: string): unknown => {
    if (Array.isArray(value)) return value.map(one => replaced(one, `${at}[]`, wanted))
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, `${at}.${key}`, wanted)]))
    return at === wanted ? hostileText(String(value)) : value
  }
  for (const [place, was] of places) yield {place, was, document: replaced(document, '', place) as T}
}
