/**
 * docs/reference/scenarios.md, from the scenario files and from what the checks say of themselves:
 *
 *     node docs/make-scenarios.ts > docs/reference/scenarios.md
 *
 * A unit test holds that the file is current.
 */
import {checks} from '../lab/checks/index.ts'
import {
  type ClientGroup,
  type Expectation,
  type Scenario,
  type Step,
  sayClients,
  sayNeeds,
  sayValue,
  suites,
} from '../lab/scenario/index.ts'

export function scenariosDoc(): string {
  const grouped = suites()
  return `\
# The scenarios

<!-- Made by docs/make-scenarios.ts from scenarios/*.yaml; edit those, then run it again. -->

Each scenario states a claim about a highly available PostgreSQL and tries to prove it wrong on a real one: it breaks the
lab under load, heals it, and judges what was recorded. \`./pgha-lab chaos kill-leader\` plays one on a lab that is up;
\`./pgha-lab chaos --suite failover\` plays a suite on labs of its own; \`./pgha-lab scenarios show kill-leader\` prints its file.
Every run begins with a healthy lab and a steady state, and ends with everything healed and every member's rows read.

What the steps mean and how to write a scenario of your own is in [files.md](files.md), each fault in [faults.md](faults.md), each check,
with the moments it starts from, in [verdicts.md](verdicts.md#the-checks).

| suite | scenarios |
| ----- | --------- |
${[...grouped].map(([suite, members]) => `| ${suite} | ${members.map(({name}) => `[${name}](#${name})`).join(', ')} |`).join('\n')}

${[...grouped].map(([suite, members]) => `## Suite: ${suite}\n\n${members.map(section).join('\n')}`).join('\n')}`
}

function section(scenario: Scenario): string {
  return `\
### ${scenario.name}

${scenario.about}

- **Lab**: ${sayNeeds(scenario.needs)}.
- **Clients**: ${clients(scenario.clients)}.

${scenario.steps.map((step, index) => `${index + 1}. ${sentence(step)}`).join('\n')}

Expects

${scenario.expect.map(sayExpectation).join('\n')}
`
}

function clients(groups: readonly ClientGroup[]): string {
  return groups.map(sayClients).join('; ')
}

function sentence(step: Step): string {
  switch (step.do) {
    case 'inject': {
      const params = Object.entries(step.params as object).map(([key, value]) => `${key}: ${sayValue(value)}`)
      const how = params.length > 0 ? ` (${params.join(', ')})` : ''
      const named = step.as === step.fault ? '' : `, called \`${step.as}\``
      const when = step.together === true ? 'Break at the same moment' : 'Break'
      return `${when}: [${step.fault}](faults.md#${step.fault})${how} on ${step.on}${named}.`
    }
    case 'heal':
      return `Heal \`${step.as}\`.`
    case 'hold':
      return `Wait ${step.forMs / 1000} s.`
    case 'until': {
      const limit = step.within === 'budget' ? "as long as the cluster's own timings imply" : `${step.within / 1000} s`
      return `Wait until ${sayCheck(step)}, at most ${limit}.`
    }
    case 'say':
      return step.says
  }
}

function sayExpectation(expectation: Expectation): string {
  const {about}: {about: string} = checks[expectation.check as keyof typeof checks]
  return `- ${sayCheck(expectation)}: ${about}`
}

/** `unavailability` (writes at-least 5s and at-most 20s, reads at-most 5s) */
function sayCheck({check, params}: Pick<Expectation, 'check' | 'params'>): string {
  const said = Object.entries(params as object).map(
    ([key, value]) => `${key} ${sayValue(value).replaceAll(': ', ' ').replaceAll(', ', ' and ')}`,
  )
  return `\`${check}\`${said.length > 0 ? ` (${said.join(', ')})` : ''}`
}

if (import.meta.main) process.stdout.write(scenariosDoc())
