/** Whether the first fault leaves the clients the time that the judge wants to have seen them writing. */

import {fewestWritesPerSecond, steadyWindow, sureSteady} from '../history/steady-writes.ts'
import {Located, readText} from '../words/decode.ts'
import type {Scenario} from './index.ts'

/**
 * Why `failover` may be inconclusive whatever happens, by the rule that it judges by; null when nothing speaks for that. A pass needs
 * the steady state, and a plain failure does not: so it is no mistake.
 * @param file that the scenario was read from just now.
 */
export function tooEarly(scenario: Scenario, file: string): string | null {
  const first = scenario.steps.findIndex(step => step.do === 'inject')
  const measured = scenario.expect.some(({check}) => check === 'failover')
  // What programs of others commit in a second, nobody knows before.
  if (first === -1 || !measured || scenario.clients.some(one => one.kind === 'program')) return null
  const heldMs = scenario.steps.slice(0, first).reduce((sum, step) => sum + (step.do === 'hold' ? step.forMs : 0), 0)
  const windowSeconds = steadyWindow / 1e6
  const sureSeconds = sureSteady / 1e6
  const rate = writesPerSecond(scenario)
  const seen = rate * Math.min(windowSeconds, sureSeconds + heldMs / 1000)
  const needed = fewestWritesPerSecond * windowSeconds
  if (seen >= needed) return null
  const wants = `\`failover\` wants ${fewestWritesPerSecond} writes/s in the ${windowSeconds} s before the first fault`
  const source = new Located(file, readText(file, 'scenario'), 'scenario')
  if (rate < fewestWritesPerSecond)
    return `${source.place(['clients'])}: too few writes: ${wants}, and these clients write ${rate}/s`
  const hold = Math.ceil((needed / rate - sureSeconds) * 10) / 10
  return `${source.place(['steps', first])}: the first fault comes too early: ${wants}, and so far there are ${Math.round(seen / windowSeconds)}/s; \`hold: ${hold}s\` before it, or more`
}

/** Of the clients that the time without writes is measured on: those behind the proxy, if there are any. */
function writesPerSecond({clients}: Scenario): number {
  const writers = clients.filter(one => one.kind === 'writers')
  const proxied = writers.filter(one => one.through === 'primary')
  return (proxied.length > 0 ? proxied : writers).reduce((sum, one) => sum + one.perSecond, 0)
}
