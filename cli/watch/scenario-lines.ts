/** What a scenario would do to a lab, before it is played. */
import {type Lab, previewFault, type Scenario} from '../../lab/index.ts'
import {sayStep} from '../../lab/inside/reading.ts'
import {LabError} from '../../lab/inside/start.ts'

type Step = Scenario['steps'][number]

/** What it is about, and each step, a fault with whom it would hit now. */
export async function scenarioLines(lab: Lab, {name, about, steps}: Scenario): Promise<readonly string[]> {
  const hits = await Promise.all(steps.map(step => hitsNow(lab, step)))
  const rows = steps.map((step, index) => `  ${String(index + 1).padStart(2)}. ${sayStep(step)}${hits[index]}`)
  return [`scenario ${name}`, `  ${about}`, ...rows]
}

/** Whom an earlier step has to name or change first, nobody can say yet. */
async function hitsNow(lab: Lab, step: Step): Promise<string> {
  if (step.do !== 'inject') return ''
  try {
    const {hosts, leader} = await previewFault(lab, step.fault, {
      on: step.on,
      params: step.params as Readonly<Record<string, unknown>>,
    })
    return `: ${hosts.map(host => (host === leader ? `${host} (leader)` : host)).join(', ')} now`
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return ': whom, its earlier steps decide'
  }
}
