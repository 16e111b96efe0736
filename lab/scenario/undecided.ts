/** What of a scenario nobody may be able to decide, or Patroni would do otherwise: no mistakes, and worth knowing before a run. */
import {faults} from '../faults/index.ts'
import {steadyWindow, sureSteady} from '../history/steady-writes.ts'
import {settings} from '../topology/settings.ts'
import {Located, type Path} from '../words/decode.ts'
import {ms} from '../words/quantity.ts'
import {readText} from '../words/read-text.ts'
import {duration} from '../words/schemas.ts'
import type {Scenario, Step} from './index.ts'

/**
 * Each with its place.
 * @param file that the scenario was read from just now.
 */
export function undecided(scenario: Scenario, file: string): string[] {
  const source = new Located(file, readText(file, 'scenario'), 'scenario')
  return [
    ...tooSeldom(scenario),
    ...tooEarly(scenario),
    ...tooShort(scenario),
    ...eitherOr(scenario),
    ...ofNoFault(scenario),
    ...otherwise(scenario),
  ].map(({path, says}) => `${source.place(path)}: ${says}`)
}

interface Doubt {
  readonly path: Path
  readonly says: string
}

/** A gap is known as well as clients write often: so well it is asked for, as a share of the limit. */
const share = 10
/** The same for limits of the model, which are some seconds. */
const fineMs = 100

/** The limits on how long nobody could write. */
function limitsOn({expect}: Scenario): {check: string; withinMs: number; path: Path}[] {
  return expect.flatMap(({check, params}, index) => {
    const {within, writes} = (params ?? {}) as {within?: unknown; writes?: {'at-most'?: unknown; 'at-least'?: unknown}}
    const written = check === 'failover' ? [within ?? 'budget'] : [writes?.['at-most'], writes?.['at-least']]
    return written.flatMap(one => {
      const read = one === 'budget' ? {success: true as const, data: share * fineMs} : duration.safeParse(one)
      return read.success && read.data > 0 ? [{check, withinMs: read.data, path: ['expect', index] as Path}] : []
    })
  })
}

function tooSeldom(scenario: Scenario): Doubt[] {
  const rate = writesPerSecond(scenario)
  if (rate === null) return []
  const slow = limitsOn(scenario).filter(({withinMs}) => 1000 / rate > withinMs / share)
  const [first] = slow.toSorted((a, b) => a.withinMs - b.withinMs)
  if (first === undefined) return []
  const needed = Math.ceil((1000 * share) / first.withinMs)
  const says = `too few writes for \`${first.check}\`: these clients write ${rate}/s, so a gap is known to ${Math.round(1000 / rate)} ms only, which matters against its limit; \`rate: ${needed}/s\` or more`
  return [{path: ['clients'], says}]
}

/** A gap is measured by how often clients wrote before it. */
function tooEarly(scenario: Scenario): Doubt[] {
  const first = scenario.steps.findIndex(step => step.do === 'inject')
  const rate = writesPerSecond(scenario)
  if (first === -1 || rate === null || !scenario.expect.some(({check}) => check === 'failover')) return []
  const heldMs = scenario.steps.slice(0, first).reduce((sum, step) => sum + (step.do === 'hold' ? step.forMs : 0), 0)
  const sureSeconds = sureSteady / 1e6
  const seen = rate * Math.min(steadyWindow / 1e6, sureSeconds + heldMs / 1000)
  if (seen >= fewestSeen) return []
  const hold = Math.ceil((fewestSeen / rate - sureSeconds) * 10) / 10
  const says = `the first fault comes before a steady state: \`failover\` measures by how often clients wrote before it, and so far they wrote ${Math.floor(seen)} times; \`hold: ${hold}s\` before it, or more`
  return [{path: ['steps', first], says}]
}

/** Between them lies how often they write. */
const fewestSeen = 3

/** Of the clients that the time without writes is measured on: those behind the proxy, if any. Null: nobody knows, or nobody writes. */
function writesPerSecond({clients}: Scenario): number | null {
  // What programs of others commit in a second, nobody knows before.
  if (clients.some(one => one.kind === 'program')) return null
  const writers = clients.filter(one => one.kind === 'writers')
  const proxied = writers.filter(one => one.through === 'primary')
  const rate = (proxied.length > 0 ? proxied : writers).reduce((sum, one) => sum + one.perSecond, 0)
  return rate > 0 ? rate : null
}

/** That something does not happen is claimed for a time, and the fault is mended before. */
function tooShort({steps, expect}: Scenario): Doubt[] {
  const most = longestFault(steps)
  return expect.flatMap(({check, params}, index) => {
    const {for: time, until} = (params ?? {}) as {for?: unknown; until?: unknown}
    const read = duration.safeParse(time)
    // How long the recovery takes that ends a run, nobody knows before.
    if (check !== 'nobody-promoted' || until === 'end' || !read.success || read.data <= most) return []
    const says = `\`${check}\` is claimed for ${ms(read.data)}, and these steps leave the first fault for ${ms(most)} at most: nobody could say`
    return [{path: ['expect', index], says}]
  })
}

/** From the first fault to the first mend, if every wait takes all that it may. */
function longestFault(steps: readonly Step[]): number {
  const first = steps.findIndex(step => step.do === 'inject')
  const mend = steps.findIndex((step, index) => step.do === 'heal' && index > first)
  const between = first === -1 ? [] : steps.slice(first, mend === -1 ? undefined : mend)
  return between.reduce((sum, step) => {
    if (step.do === 'hold') return sum + step.forMs
    if (step.do === 'until') return sum + (step.within === 'budget' ? Number.POSITIVE_INFINITY : step.within)
    // Breaking and proving takes a while itself.
    return sum + (step.do === 'inject' ? breakingMs : 0)
  }, 0)
}

const breakingMs = 1000

/** One of them fails, whatever happens. */
function eitherOr({expect}: Scenario): Doubt[] {
  const stays = expect.some(({check}) => check === 'no-failover')
  const other = expect.findIndex(({check}) => check === 'failover' || check === 'rejoined')
  if (!stays || other === -1) return []
  const says = `\`no-failover\` and \`${expect[other]!.check}\` cannot both hold: one of them fails or stays open, whatever happens`
  return [{path: ['expect', other], says}]
}

/** Of no fault of the run: whatever somebody breaks by hand meanwhile is none. */
function ofNoFault({steps, expect}: Scenario): Doubt[] {
  if (steps.some(step => step.do === 'inject')) return []
  return expect.flatMap(({check}, index) =>
    aboutFaults.has(check)
      ? [
          {
            path: ['expect', index],
            says: `\`${check}\` is about what came of a fault, and no step injects one: nobody could say`,
          },
        ]
      : [],
  )
}

const aboutFaults = new Set(
  'failover clients-reconnect promoted new-leader demoted rejoined fenced slot-kept streams-again address-moves'.split(
    ' ',
  ),
)

/** What Patroni would ignore, or use instead. */
function otherwise({steps, needs}: Scenario): Doubt[] {
  const asked = settings.patroni.safeParse(needs.patroni ?? {})
  return steps.flatMap((step, index) => {
    const doubts =
      step.do === 'inject' ? faults[step.fault]?.doubts?.(step.params, asked.success ? asked.data : {}) : []
    return (doubts ?? []).map(({path, says}) => ({path: ['steps', index, ...path], says}))
  })
}
