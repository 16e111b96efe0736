/** The action for GitHub and the template for GitLab in docs/ci/, their shell run as the runner does, with a pgha-lab that writes down how it is called. */
import {chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {parse as parseWords} from './rehearse.ts'
import {root} from './shell-blocks.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-ci-'))
  // Where the action lies in the package, beside the launcher.
  const home = join(folder, 'home')
  mkdirSync(join(home, 'docs'), {recursive: true})
  cpSync(join(root, 'docs', 'ci'), join(home, 'docs', 'ci'), {recursive: true})
  writeFileSync(
    join(home, 'pgha-lab'),
    `#!/bin/sh\nfor word; do printf '%s\\t' "$word" >> '${folder}/calls'; done\necho >> '${folder}/calls'\ncase $1 in chaos) exit "\${CHAOS:-0}" ;; up) exit "\${UP:-0}" ;; esac\n`,
  )
  chmodSync(join(home, 'pgha-lab'), 0o755)
})
afterEach(() => rmSync(folder, {recursive: true}))

function calls(): string[][] {
  const file = join(folder, 'calls')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').replace(/\n$/, '').split('\n')
  return lines.map(line => line.split('\t').slice(0, -1))
}

interface Ended {
  readonly code: number
  readonly said: string
  readonly outputs: Readonly<Record<string, string>>
  readonly uploads: readonly Readonly<Record<string, string>>[]
}

interface Step {
  readonly id?: string
  readonly if?: string
  readonly run?: string
  readonly uses?: string
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, string>>
}

interface Action {
  readonly inputs: Readonly<Record<string, {readonly default: string}>>
  readonly runs: {readonly using: string; readonly steps: readonly Step[]}
}
const action = parse(readFileSync(join(root, 'docs/ci/action.yml'), 'utf8')) as Action

/** As GitHub's runner plays a composite action: one shell a step, those with always() whatever came before. */
async function github(
  given: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, one]) => [name, given[name] ?? one.default]),
  )
  const filledIn = (text: string) =>
    text.replaceAll(/\$\{\{ (inputs\.([\w-]+)|github\.action_path) \}\}/g, (_, what: string, name: string) =>
      what === 'github.action_path' ? join(folder, 'home', 'docs', 'ci') : inputs[name]!,
    )
  const files = {GITHUB_PATH: join(folder, 'path'), GITHUB_OUTPUT: join(folder, 'output')}
  for (const file of Object.values(files)) writeFileSync(file, '')
  let [code, said] = [0, '']
  const uploads: Record<string, string>[] = []
  for (const step of action.runs.steps) {
    if (!reached(step.if, code, inputs)) continue
    if (step.run === undefined) {
      uploads.push(
        Object.fromEntries(Object.entries(step.with ?? {}).map(([name, value]) => [name, filledIn(String(value))])),
      )
      continue
    }
    expect(step.run).not.toContain('${{')
    const path = readFileSync(files.GITHUB_PATH, 'utf8').split('\n').filter(Boolean).toReversed()
    const script = join(folder, 'step.sh')
    writeFileSync(script, step.run)
    const {exitCode, all} = await execa('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
      ...{cwd: folder, reject: false, all: true},
      env: {
        ...files,
        ...env,
        ...Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, filledIn(value)])),
        PATH: [...path, process.env.PATH].join(':'),
      },
    })
    said += `${all}\n`
    if (code === 0) code = exitCode ?? -1
  }
  const outputs = Object.fromEntries(
    readFileSync(files.GITHUB_OUTPUT, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => line.split('=') as [string, string]),
  )
  return {code, said, outputs, uploads}
}

/** `always()`, and a comparison of an input with a text. */
function reached(condition: string | undefined, code: number, inputs: Readonly<Record<string, string>>): boolean {
  const parts = condition === undefined ? [] : condition.split(' && ')
  if (code !== 0 && !parts.includes('always()')) return false
  return parts
    .filter(part => part !== 'always()')
    .every(part => {
      const [, name = '', operator, text] = /^inputs\.([\w-]+) (==|!=) '(.*)'$/.exec(part)!
      return operator === '==' ? inputs[name] === text : inputs[name] !== text
    })
}

/** The real command line takes these words. */
async function areTaken(): Promise<void> {
  for (const words of calls()) await parseWords(words)
}

describe('the action', () => {
  test.each([0, 1, 2, 3, 4, 5, 77])(
    'ends as chaos does (%i), tells it, takes the lab down and keeps the evidence',
    async code => {
      const ended = await github({}, {CHAOS: String(code)})
      expect([ended.code, ended.outputs]).toEqual([code, {'exit-code': String(code)}])
      expect(calls().map(([verb, ...words]) => [verb, words.includes('--stale')])).toEqual([
        ...[
          ['down', true],
          ['up', false],
          ['chaos', false],
          ['down', false],
        ],
      ])
      expect(ended.uploads).toEqual([expect.objectContaining({path: 'pgha-lab-evidence'})])
      await areTaken()
    },
  )

  test('asks chaos for all that CI shows, into the folder that is kept', async () => {
    await github({folder: 'a folder'})
    const chaos = calls().find(([verb]) => verb === 'chaos')
    expect(chaos).toEqual(
      expect.arrayContaining(['--junit', 'a folder/junit.xml', '--html', 'a folder/report.html', '--github']),
    )
    expect(chaos).toEqual(expect.arrayContaining(['--out', 'a folder/runs']))
  })

  test('ends as `up` does where there is no lab, plays nothing, and takes away what is there of it', async () => {
    const {code} = await github({}, {UP: '3'})
    expect([code, calls().map(([verb]) => verb)]).toEqual([3, ['down', 'up', 'down']])
  })

  test('a suite raises labs of its own', async () => {
    await github({suite: 'failover'})
    expect(calls().map(([verb]) => verb)).toEqual(['down', 'chaos'])
    expect(calls()[1]).toEqual(expect.arrayContaining(['--suite', 'failover', '--profile', 'fast']))
    await areTaken()
  })

  test('takes options a word a line, and words with blanks as one', async () => {
    await github({scenario: 'my chaos/a b.yaml', options: '--repeat\n6\n\n--phase\nrandom\n', topology: 'my lab.yaml'})
    expect(
      calls()
        .find(([verb]) => verb === 'chaos')!
        .slice(0, 6),
    ).toEqual([...['chaos', 'my chaos/a b.yaml', '--repeat', '6', '--phase', 'random']])
    expect(calls().find(([verb]) => verb === 'up')).toEqual(expect.arrayContaining(['--topology', 'my lab.yaml']))
  })

  test('an input is a word, whatever it is made of', async () => {
    const evil = `$(touch ${folder}/owned)\`touch ${folder}/owned\`"; touch ${folder}/owned; "`
    const names = Object.keys(action.inputs).filter(name => name !== 'folder')
    await github({...Object.fromEntries(names.map(name => [name, evil])), suite: ''})
    expect(existsSync(join(folder, 'owned'))).toBe(false)
    expect(calls().find(([verb]) => verb === 'chaos')).toContain(evil)
  })

  test('compares with a baseline that is there, and says that there is none yet', async () => {
    const options = '--repeat\n6'
    expect((await github({baseline: 'baseline', options})).said).toContain(
      '::notice title=pgha-lab::there is no baseline yet',
    )
    expect(calls().flat()).not.toContain('--against')
    mkdirSync(join(folder, 'baseline'))
    await github({baseline: 'baseline', options})
    expect(calls().flat()).toContain('--against')
    await areTaken()
  })

  test('keeps nothing where no artifact is asked for', async () =>
    expect((await github({artifact: ''})).uploads).toEqual([]))

  test('has the launcher where it looks for it', () => {
    expect(existsSync(join(root, 'docs', 'ci', '..', '..', 'pgha-lab'))).toBe(true)
    const {files} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {files: string[]}
    expect(files).toContain('docs/ci/*.yml')
  })
})

describe('the template for GitLab', () => {
  const {'.pgha-lab': job} = parse(readFileSync(join(root, 'docs/ci/gitlab.yml'), 'utf8')) as {
    '.pgha-lab': {
      variables: Record<string, string>
      script: string[]
      after_script: string[]
      artifacts: {when: string; paths: string[]; reports: {junit: string}}
    }
  }

  /** As GitLab's runner: the script in one shell, after_script in another, whatever came before. */
  async function gitlab(shell: string, given: Readonly<Record<string, string>>): Promise<number> {
    const ci = {CI_JOB_ID: '77', CI_RUNNER_ID: '5', CI_CONCURRENT_ID: '0'}
    const expanded = Object.fromEntries(
      Object.entries({...job.variables, PGHA_LAB: './home/pgha-lab', ...given}).map(([name, value]) => [
        name,
        String(value).replaceAll(/\$(CI_\w+)/g, (_, ci_name: keyof typeof ci) => ci[ci_name]),
      ]),
    )
    const run = async (lines: readonly string[]) =>
      (await execa(shell, ['-e', '-c', lines.join('\n')], {cwd: folder, reject: false, env: {...ci, ...expanded}}))
        .exitCode
    const code = await run(job.script)
    await run(job.after_script)
    return code ?? -1
  }

  test.each(['bash', 'sh'].flatMap(shell => [0, 1, 3, 4, 5, 77].map(code => [shell, code] as const)))(
    '%s: ends as chaos does (%i), and takes the lab down',
    async (shell, code) => {
      expect(await gitlab(shell, {CHAOS: String(code)})).toBe(code)
      expect(calls().map(([verb, ...words]) => [verb, words.includes('--stale')])).toEqual([
        ...[
          ['down', true],
          ['up', false],
          ['chaos', false],
          ['down', false],
        ],
      ])
      await areTaken()
    },
  )

  test('ends as `up` does, and takes away what is there of the lab', async () => {
    expect(await gitlab('sh', {UP: '3'})).toBe(3)
    expect(calls().map(([verb]) => verb)).toEqual(['down', 'up', 'down'])
  })

  test('takes options in words, and a baseline that is there', async () => {
    await gitlab('sh', {OPTIONS: '--repeat 6', BASELINE: 'baseline'})
    expect(calls().flat()).not.toContain('--against')
    mkdirSync(join(folder, 'baseline'))
    await gitlab('sh', {OPTIONS: '--repeat 6', BASELINE: 'baseline', SCENARIO: 'a b.yaml'})
    expect(
      calls()
        .findLast(([verb]) => verb === 'chaos')!
        .slice(0, 6),
    ).toEqual([...['chaos', 'a b.yaml', '--repeat', '6', '--against', 'baseline']])
    await areTaken()
  })

  test('keeps the folder that chaos writes to, whatever the verdict, and shows its JUnit', async () => {
    await gitlab('sh', {})
    expect(job.artifacts).toEqual({when: 'always', paths: ['$FOLDER'], reports: {junit: '$FOLDER/junit.xml'}})
    expect(calls().flat()).toContain('pgha-lab-evidence/junit.xml')
  })
})
