/**
 * docs/scenarios.md, from the scenario files and from what the faults and checks say of themselves:
 *
 *     node docs/make-scenarios.ts > docs/scenarios.md
 *
 * A unit test holds that the file is current.
 */
import {checks} from '../lab/checks/index.ts'
import {faults} from '../lab/faults/index.ts'
import {keysOfParams} from '../lab/scenario/params.ts'
import {
  type Expectation,
  type Scenario,
  type Step,
  sayClients,
  sayNeeds,
  sayStep,
  sayValue,
  suites,
} from '../lab/scenario.ts'
import {selectors} from '../lab/selector.ts'
import type {Unit} from '../lab/unit.ts'

export function scenariosDoc(): string {
  const grouped = suites()
  return `\
# The scenarios

<!-- Made by docs/make-scenarios.ts from scenarios/*.yaml; edit those, then run it again. -->

Each scenario states a claim about a highly available PostgreSQL and tries to prove it wrong on a real one: it breaks the
lab under load, heals it, and judges what was recorded. \`pgha-lab chaos kill-leader\` plays one on a lab that is up;
\`pgha-lab chaos --suite failover\` plays a suite on labs of its own; \`pgha-lab scenarios show kill-leader\` prints its file.
Every run begins with a healthy lab and a steady state, and ends with everything healed and every member's rows read.

| suite | scenarios |
| ----- | --------- |
${[...grouped].map(([suite, members]) => `| ${suite} | ${members.map(({name}) => `[${name}](#${name})`).join(', ')} |`).join('\n')}

${[...grouped].map(([suite, members]) => `## Suite: ${suite}\n\n${members.map(section).join('\n')}`).join('\n')}
${language()}`
}

function section(scenario: Scenario): string {
  return `\
### ${scenario.name}

${scenario.about}

Needs ${sayNeeds(scenario.needs)}. Clients: ${scenario.clients.map(sayClients).join('; ')}.

${scenario.steps.map((step, index) => `${index + 1}. ${sayWhole(step)}`).join('\n')}

Expects:

${scenario.expect.map(sayExpectation).join('\n')}
`
}

function sayWhole(step: Step): string {
  if (step.do !== 'until') return sayStep(step)
  const limit = step.within === 'budget' ? "the budget of the cluster's own timings" : `${step.within / 1000} s`
  return `until ${sayCheck(step)}, for at most ${limit}`
}

function sayExpectation(expectation: Expectation): string {
  return `- ${sayCheck(expectation)}: ${aboutOf(checks, expectation.check)}`
}

function sayCheck({check, params}: Pick<Expectation, 'check' | 'params'>): string {
  const said = sayValue(params)
  return `\`${check}\`${said === '' ? '' : ` (${said})`}`
}

function aboutOf(units: Readonly<Record<string, {readonly about: string}>>, name: string): string {
  return units[name]?.about ?? ''
}

function language(): string {
  return `\
## Write your own

\`pgha-lab scenarios show kill-leader > mine.yaml\` is a good beginning; \`pgha-lab scenarios validate mine.yaml\` checks it and
touches nothing; \`pgha-lab scenarios schema > scenario.schema.json\` is for completion in an editor. Amounts carry their unit:
\`10s\`, \`1MB\`, \`200/s\`. Whatever is wrong is told with file, line and column.

- \`about\`: the claim, in a sentence. \`suite\`: optional in a file of yours.
- \`needs\`: hosts (\`postgres: 3\`, \`etcd: 3\`), and settings of \`patroni\` and \`postgresql\` with the keys of lab.yaml. What a running
  cluster can take over is set before the run and taken back after it; for the rest you are told which lab to raise.
- \`clients\`: \`writers: 8\` or \`readers: 4\` with a \`rate\`, and \`through: primary\` or \`replicas\` (the proxy's ports), or \`to:\` a host
  past the proxy.
- \`steps\`: \`hold: 2s\`; \`inject:\` a fault \`on:\` whom, \`as:\` a name; \`heal:\` that name; \`until:\` a check, \`within:\` a duration or
  \`budget\`; \`say:\` a sentence. What is not healed by a step is healed at the end.
- \`expect\`: checks, by name or with parameters. A step's \`until\` takes the same ones.
- \`on:\` and \`to:\` take ${selectors.map(one => `\`${one}\``).join(', ')}, or a host such as \`node1\`. \`on:\` also takes the
  name of an earlier step: the same hosts again.

### Faults

${units(faults)}

### Checks

${units(checks)}
`
}

function units(all: Readonly<Record<string, Unit<unknown>>>): string {
  return Object.entries(all)
    .map(([name, {about, params}]) => {
      const keys = keysOfParams(params).map(key => `\`${key}\``)
      return `- \`${name}\`${keys.length > 0 ? ` (${keys.join(', ')})` : ''}: ${about.replace(/\.$/, '')}.`
    })
    .join('\n')
}

if (import.meta.main) process.stdout.write(scenariosDoc())
