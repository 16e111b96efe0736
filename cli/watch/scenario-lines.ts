/** What a scenario would do to a lab, before it is played. */
import {type Lab, previewFault, type Scenario} from '../../lab/index.ts'
import {sayStep} from '../../lab/inside/reading.ts'
import {estimateSeconds, learnedSeconds} from '../../lab/inside/scenarios.ts'
import {LabError} from '../../lab/inside/start.ts'

type Step = Scenario['steps'][number]

/** What it is about, how long it takes, and each step, a fault with whom it would hit now. */
export async function scenarioLines(lab: Lab, scenario: Scenario): Promise<readonly string[]> {
  const {name, about, steps} = scenario
  const hits = await Promise.all(steps.map(step => hitsNow(lab, step)))
  const rows = steps.map((step, index) => `  ${String(index + 1).padStart(2)}. ${sayStep(step)}${hits[index]}`)
  return [`scenario ${name}`, `  ${about}`, ...takes(lab, scenario), ...rows]
}

/** Stepping through it not counted. Nothing where the timings of the lab do not go with those of the scenario. */
function takes({topology}: Lab, scenario: Scenario): readonly string[] {
  const played = learnedSeconds(topology.profile).get(scenario.name)
  if (played !== undefined) return [`  takes    ${Math.round(played)} s, as when it was played last`]
  try {
    return [`  takes    about ${Math.round(estimateSeconds(scenario, topology))} s, by the timings of this lab`]
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return []
  }
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
