/** The CI jobs that our pages show, played as their runner would: which step is reached after one that failed, and what the job ends with. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parse} from 'yaml'
import {pages, root} from './shell-blocks.ts'

export interface Job {
  /** `docs/ci.md: GitHub` */
  readonly where: string
  readonly steps: readonly {readonly script: string; readonly always: boolean}[]
}

export function jobsOfPages(): Job[] {
  return pages.flatMap(page =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
      jobsIn(parse(text)).map(job => ({...job, where: `${page}: ${job.where}`})),
    ),
  )
}

/** A step with `if: always()` is reached whatever came before; so is GitLab's after_script, which has a shell of its own. */
function jobsIn(yaml: unknown): Job[] {
  const {jobs, ...others} = (yaml ?? {}) as {
    jobs?: Record<string, {steps: {run?: string; if?: string}[]}>
  } & Record<string, {script?: string[]; after_script?: string[]}>
  // A job with nothing but our action has no shell of its own: ci-templates.test.ts plays that one.
  const own = Object.values(jobs ?? {}).filter(({steps}) => steps.some(step => step.run !== undefined))
  const github = own.map(({steps}) => ({
    where: 'GitHub',
    steps: steps.flatMap(step => (step.run === undefined ? [] : [{script: step.run, always: step.if === 'always()'}])),
  }))
  const gitlab = Object.values(others)
    .filter(one => Array.isArray(one?.script))
    .map(({script = [], after_script = []}) => ({
      where: 'GitLab',
      steps: [
        {script: script.join('\n'), always: false},
        {script: after_script.join('\n'), always: true},
      ],
    }))
  return [...github, ...gitlab]
}

/** @param shell runs a script under `bash -e`. @returns the code of the first step that failed, else 0. */
export async function playJob({steps}: Job, shell: (script: string) => Promise<number>): Promise<number> {
  let ended = 0
  for (const {script, always} of steps) {
    if (ended !== 0 && !always) continue
    const code = await shell(script)
    if (ended === 0) ended = code
  }
  return ended
}
