/** What `npm pack` makes is what people get: installed in an empty project, with nothing of this checkout. */
import {existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join, normalize} from 'node:path'
import {checkPackage, createPackageFromTarballData, type Problem} from '@arethetypeswrong/core'
import {execa} from 'execa'
import {publint} from 'publint'
import {formatMessage} from 'publint/utils'
import {afterAll, beforeAll, expect, test} from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'pgha-package-'))
const project = join(folder, 'project')
const packed = join(project, 'node_modules', 'pgha-lab')
const name = 'live-package'
let tarball = ''

/** As a person types it in that project: no variable of the checkout's own tests. */
const npx = (argv: readonly string[]) =>
  execa('npx', ['pgha-lab', ...argv], {cwd: project, reject: false, stdin: 'ignore', extendEnv: true})

beforeAll(async () => {
  const {stdout} = await execa('npm', ['pack', '--silent', '--pack-destination', folder], {cwd: root})
  tarball = join(folder, stdout.trim().split('\n').at(-1)!)
  await execa('mkdir', [project])
  writeFileSync(join(project, 'package.json'), JSON.stringify({name: 'empty', private: true, type: 'module'}))
  await execa('npm', ['install', '--no-audit', '--no-fund', tarball, 'typescript@5.9', '@types/node@24'], {
    cwd: project,
  })
})
afterAll(async () => {
  await npx(['down', '--name', name])
  rmSync(folder, {recursive: true})
})

/** It is ESM, and says so: whoever requires it is told by Node. What resolves as Node 10 did knows no `exports`, and ours takes Node 24. */
function isMeant(problem: Problem): boolean {
  return problem.kind === 'CJSResolvesToESM' || ('resolutionKind' in problem && problem.resolutionKind === 'node10')
}

test('what is packed is right for those who import it, by publint and are-the-types-wrong', async () => {
  const {messages, pkg} = await publint({pkgDir: packed, level: 'suggestion', strict: true})
  expect(messages.map(message => formatMessage(message, pkg))).toEqual([])
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))
  const problems = analysis.types === false ? ['no types'] : analysis.problems
  expect(problems.filter(one => typeof one === 'string' || !isMeant(one))).toEqual([])
})

test.each([
  ['5.9', join(project, 'node_modules', '.bin', 'tsc')],
  ['7', join(root, 'node_modules', '.bin', 'tsc')],
])('its types compile without skipLibCheck under TypeScript %s', async (version, tsc) => {
  const story = readFileSync(join(packed, 'docs', 'story.ts'), 'utf8')
  writeFileSync(join(project, 'own.ts'), story.replace("'../lab/index.ts'", "'pgha-lab'"))
  const compilerOptions = {module: 'nodenext', target: 'es2024', strict: true, noEmit: true, skipLibCheck: false}
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({compilerOptions: {...compilerOptions, types: ['node']}, include: ['own.ts']}),
  )
  expect((await execa(tsc, ['-v'])).stdout).toMatch(new RegExp(`^Version ${version.replace('.', '\\.')}`))
  const {stdout, exitCode} = await execa(tsc, ['-p', '.'], {cwd: project, reject: false})
  expect(exitCode, stdout).toBe(0)
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

test('nothing of a checkout is needed: a scenario is played from the package alone', async () => {
  const up = await npx(['up', '--name', name, '--profile', 'fast'])
  expect(up.exitCode, `${up.stdout}\n${up.stderr}`).toBe(0)
  const junit = join(project, 'out.xml')
  const chaos = await npx(['chaos', 'switchover', '--name', name, '--out', 'evidence'])
  expect(chaos.exitCode, `${chaos.stdout}\n${chaos.stderr}`).toBe(0)
  expect(chaos.stdout).toMatch(/^PASSED switchover/m)
  // What it prints to go on with is what one types here.
  expect(chaos.stdout).toMatch(/^npx pgha-lab report \.\/evidence$/m)
  expect((await npx(['report', 'evidence', '--format', 'junit', '-o', junit])).exitCode).toBe(0)
  expect(readFileSync(junit, 'utf8')).toMatch(/<testsuite /)
})
