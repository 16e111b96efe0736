/** What `npm pack` makes is what people get: installed in an empty project, with nothing of this checkout. */
import {existsSync, globSync, readFileSync, writeFileSync} from 'node:fs'
import {basename, dirname, join, normalize} from 'node:path'
import {checkPackage, createPackageFromTarballData, type Problem} from '@arethetypeswrong/core'
import {execa} from 'execa'
import {publint} from 'publint'
import {formatMessage} from 'publint/utils'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {StrangersProject} from './stranger.ts'

const root = join(import.meta.dirname, '..', '..')
const name = 'live-package'
const project = new StrangersProject()
const {folder, packed} = project

// With the peer that `pgha-lab/vitest` is for, and what types need.
beforeAll(() => project.install('vitest@5', 'typescript@5.9', '@types/node@24', 'pg', '@types/pg'))
afterAll(async () => {
  await project.npx('down', '--name', name)
  project[Symbol.dispose]()
})

/** It is ESM, and says so: whoever requires it is told by Node. What resolves as Node 10 did knows no `exports`, and ours takes Node 24. */
function isMeant(problem: Problem): boolean {
  return problem.kind === 'CJSResolvesToESM' || ('resolutionKind' in problem && problem.resolutionKind === 'node10')
}

test('what is packed is right for those who import it, by publint and are-the-types-wrong', async () => {
  const {messages, pkg} = await publint({pkgDir: packed, level: 'suggestion', strict: true})
  expect(messages.map(message => formatMessage(message, pkg))).toEqual([])
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(project.tarball)))
  const problems = analysis.types === false ? ['no types'] : analysis.problems
  expect(problems.filter(one => typeof one === 'string' || !isMeant(one))).toEqual([])
})

/** Every door of the package, as the page about them uses it. */
const everyDoor = `
import {raiseLab, type RaisedLab} from 'pgha-lab'
import {matchers, type RunMatchers} from 'pgha-lab/matchers'
import {type ClusterReference, PatroniCluster, Wait} from 'pgha-lab/testcontainers'
import 'pgha-lab/vitest'
import {expect} from 'vitest'

export async function fails(): Promise<ClusterReference> {
  await using cluster = await new PatroniCluster().withTopology('pgbouncer').withWaitStrategy(Wait.forWrites()).start()
  const run = await cluster.runScenario('kill-leader')
  expect(run).toFailOverWithin('20s')
  expect(run).toLoseNoAcknowledgedWrites({allow: 'async-tail'})
  expect(run).toKeepOnePrimary()
  expect(run).toReconnectWithin('5s', {driver: 'pg-pool'})
  // @ts-expect-error: a number says no unit
  expect(run).toFailOverWithin(20)
  return cluster.toJSON()
}
export const raised = async (): Promise<RaisedLab> => await raiseLab({profile: 'fast'})
export const own = matchers
export type Own = RunMatchers
`

test.each([
  ['5.9', join(folder, 'node_modules', '.bin', 'tsc')],
  ['7', join(root, 'node_modules', '.bin', 'tsc')],
])('its types compile without skipLibCheck under TypeScript %s, whatever is imported', async (version, tsc) => {
  const story = readFileSync(join(packed, 'docs', 'story.ts'), 'utf8')
  writeFileSync(join(folder, 'own.mts'), story.replace("'../lab/index.ts'", "'pgha-lab'"))
  writeFileSync(join(folder, 'doors.mts'), everyDoor)
  const examples = globSync('docs/examples/*.mts', {cwd: packed})
  expect(examples).toHaveLength(3)
  for (const file of examples) writeFileSync(join(folder, basename(file)), readFileSync(join(packed, file)))
  const compilerOptions = {module: 'nodenext', target: 'es2024', strict: true, noEmit: true, skipLibCheck: false}
  const lib = ['es2024', 'esnext.disposable']
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({compilerOptions: {...compilerOptions, lib, types: ['node']}, include: ['*.mts']}),
  )
  expect((await execa(tsc, ['-v'])).stdout).toMatch(new RegExp(`^Version ${version.replace('.', '\\.')}`))
  const {stdout, exitCode} = await execa(tsc, ['-p', '.'], {cwd: folder, reject: false})
  expect(exitCode, stdout).toBe(0)
})

test('every door opens, from a module and from what requires it, as `npm init` makes a project', async () => {
  const doors = ['pgha-lab', 'pgha-lab/matchers', 'pgha-lab/testcontainers']
  const imports = doors.map(door => `await import('${door}')`).join(', ')
  const names = `[${imports}].map(one => Object.keys(one).length > 0)`
  expect((await project.run('node', '--input-type=module', '-e', `console.log(${names})`)).stdout).toBe(
    '[ true, true, true ]',
  )
  expect((await project.run('node', '-e', "console.log(typeof require('pgha-lab').raiseLab)")).stdout).toBe('function')
})

test('it has the docs, and every link of theirs leads to a file that it has', () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], {cwd: packed})
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/start.md', 'docs/reference/library.md']),
  )
  const astray = pages.flatMap(page =>
    [...readFileSync(join(packed, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, link = '']) => link)
      .filter(link => !/^[a-z]+:/.test(link) && !existsSync(join(packed, normalize(join(dirname(page), link)))))
      .map(link => `${page}: ${link}`),
  )
  expect(astray).toEqual([])
})

test('nothing of a checkout is needed: what the README says of a project is played from the package alone', async () => {
  expect(readFileSync(join(packed, 'README.md'), 'utf8')).toContain('npx pgha-lab chaos kill-leader --junit out.xml\n')
  const up = await project.npx('up', '--name', name, '--profile', 'fast')
  expect(up.exitCode, up.all).toBe(0)
  const chaos = await project.npx('chaos', 'kill-leader', '--junit', 'out.xml', '--name', name, '--out', 'evidence')
  expect(chaos.exitCode, chaos.all).toBe(0)
  expect(chaos.stdout).toMatch(/^PASSED kill-leader/m)
  // What it prints to go on with is what one types here.
  expect(chaos.stdout).toMatch(/^npx pgha-lab report \.\/evidence$/m)
  expect(readFileSync(join(folder, 'out.xml'), 'utf8')).toMatch(/<testsuite [^>]*failures="0"/)
})
