/** The launcher installs and builds what it starts, once, and says why when it cannot. */
import {execFileSync, spawn} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {
  begin,
  bin,
  calls,
  eachInACheckout,
  end,
  haveNode,
  haveNpm,
  launch,
  longAgo,
  place,
  project,
  root,
  script,
  until,
} from './launcher.ts'

eachInACheckout()

test('a fresh clone is installed and built with a line for each on stderr, and stdout has only the data', async () => {
  haveNode('24.1.0')
  haveNpm()
  const first = await launch(['status', 'a  b'])
  expect(first).toMatchObject({code: 0, out: `ran on 24.1.0: ${root}/dist/cli/main.js status a  b\n`})
  expect(first.err).toMatch(
    /^install the dependencies \(npm ci\) \.\.\.\ninstall the dependencies \(npm ci\): done in \d+ s\nbuild pgha-lab \(npm run build\) \.\.\.\nbuild pgha-lab \(npm run build\): done in \d+ s\n$/,
  )
  expect(calls()).toEqual(['ci', 'run'])
})

test('run again, it adds nothing, says nothing and starts no npm', async () => {
  haveNode('24.1.0')
  haveNpm()
  await launch()
  expect(await launch()).toMatchObject({code: 0, err: ''})
  expect(calls()).toEqual(['ci', 'run'])
})

test('through a symlink and from another directory it finds its checkout', async () => {
  haveNode('24.1.0')
  haveNpm()
  symlinkSync(join(root, 'pgha-lab'), join(place, 'absolute'))
  symlinkSync('absolute', join(place, 'relative'))
  expect((await launch(['x'], {}, join(place, 'relative'))).out).toBe(`ran on 24.1.0: ${root}/dist/cli/main.js x\n`)
})

test('it tells the program how it was called: by its path, by npx, or by a name that is found', async () => {
  script(join(bin, 'node'), `case $1 in -p) echo "24.1.0 $0" ;; *) echo "called as $PGHA_LAB_CALLED_AS" ;; esac\n`)
  haveNpm()
  await launch()
  expect((await launch()).out).toBe(`called as ${root}/pgha-lab\n`)
  const typed = (line: string, env: Record<string, string> = {}) => {
    const shell = {cwd: root, env: {PATH: bin, HOME: place, ...env}, encoding: 'utf8'} as const
    return execFileSync(join(bin, 'sh'), ['-c', line], shell)
  }
  expect(typed('./pgha-lab')).toBe('called as ./pgha-lab\n')
  symlinkSync(join(root, 'pgha-lab'), join(bin, 'pgha-lab'))
  expect(typed('pgha-lab')).toBe('called as pgha-lab\n')
  const installed = join(root, 'node_modules', '.bin')
  mkdirSync(installed, {recursive: true})
  symlinkSync(join(root, 'pgha-lab'), join(installed, 'pgha-lab'))
  expect(typed('pgha-lab', {PATH: `${installed}:${bin}`, npm_command: 'exec'})).toBe('called as npx pgha-lab\n')
})

test('without Node and npm it says so and exits 3', async () => {
  expect(await launch()).toEqual({
    code: 3,
    out: '',
    err: 'pgha-lab: Node 24 or newer is missing (found none), and there is no npm to fetch it with; install it (https://nodejs.org).\n',
  })
})

test('PGHA_LAB_SETUP=never installs nothing and says what is missing and how to get it', async () => {
  haveNode('20.20.2')
  haveNpm()
  const noNode = await launch([], {PGHA_LAB_SETUP: 'never'})
  expect(noNode.code).toBe(3)
  expect(noNode.err).toContain('Node 24 or newer is missing (found v20.20.2 at ')
  expect(noNode.err).toContain(
    'PGHA_LAB_SETUP=never forbids installing it; install it (https://nodejs.org), or unset PGHA_LAB_SETUP',
  )
  haveNode('24.1.0')
  const noDependencies = await launch([], {PGHA_LAB_SETUP: 'never'})
  expect(noDependencies.code).toBe(3)
  expect(noDependencies.err).toBe(
    `pgha-lab: the dependencies are not installed, or not those of package-lock.json, and PGHA_LAB_SETUP=never forbids installing it; run: cd '${root}' && npm ci --include=dev\n`,
  )
  expect(calls()).toEqual([])
  expect(existsSync(join(root, 'dist', '.setup', 'lock'))).toBe(false)
})

test('PGHA_LAB_SETUP=never builds nothing either, neither anew nor for the first time; what somebody has built runs', async () => {
  haveNode('24.1.0')
  haveNpm()
  mkdirSync(join(root, 'node_modules'))
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), '')
  const refused = {
    ...{code: 3, out: ''},
    err: `pgha-lab: it is not built, or not from the sources that are there, and PGHA_LAB_SETUP=never forbids building it; run: cd '${root}' && npm run build\n`,
  }
  expect(await launch([], {PGHA_LAB_SETUP: 'never'})).toEqual(refused)
  mkdirSync(join(root, 'dist', 'cli'), {recursive: true})
  for (const file of ['dist/cli/main.js', 'dist/.built']) writeFileSync(join(root, file), '')
  expect(await launch(['x'], {PGHA_LAB_SETUP: 'never'})).toMatchObject({code: 0, err: ''})
  longAgo('dist/.built')
  writeFileSync(join(root, 'lab', 'a.ts'), 'changed\n')
  expect(await launch([], {PGHA_LAB_SETUP: 'never'})).toEqual(refused)
  expect(calls()).toEqual([])
  expect(existsSync(join(root, 'dist', '.built'))).toBe(true)
})

test('the build of package.json leaves the mark that the launcher goes by, dated by its start, and none when it fails', async () => {
  const {scripts} = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {scripts: Record<string, string>}
  const sh = (text: string) => execFileSync('sh', ['-c', text], {cwd: root, stdio: 'ignore'})
  const build = (step: string) => (scripts.build ?? '').replace(/tsc -p lab --noCheck && node .*? &&/, `${step} &&`)
  expect(build('true')).not.toBe(scripts.build)
  sh(build('touch lab/a.ts'))
  expect(existsSync(join(root, 'dist', '.built'))).toBe(true)
  expect(statSync(join(root, 'dist', '.built')).mtimeMs).toBeLessThanOrEqual(statSync(join(root, 'lab/a.ts')).mtimeMs)
  rmSync(join(root, 'dist', '.built'))
  expect(() => sh(build('false'))).toThrow()
  expect(existsSync(join(root, 'dist', '.built'))).toBe(false)
})

test.each([['-q'], ['--quiet'], ['status', '-q']])(
  'with %s %s it says nothing of how far it is, and still why it cannot',
  async (...words) => {
    haveNode('24.1.0')
    haveNpm()
    expect(await launch(words)).toMatchObject({code: 0, err: ''})
    writeFileSync(join(root, 'lab', 'a.ts'), 'wrong\n')
    haveNpm("[ $1 != run ] || { echo 'lab/a.ts(1,1): error TS1'; exit 2; }")
    const failed = await launch(words)
    expect(failed.code).toBe(3)
    expect(failed.err).toMatch(/^ {2}\| lab\/a\.ts\(1,1\): error TS1\npgha-lab: could not build/)
  },
)

test('a -q of the program behind -- is none of the launcher', async () => {
  haveNode('24.1.0')
  haveNpm()
  expect((await launch(['shell', 'node1', '--', 'grep', '-q', 'x'])).err).toContain('build pgha-lab')
})

test('a changed package-lock.json installs and builds again, a changed source only builds', async () => {
  haveNode('24.1.0')
  haveNpm()
  await launch()
  writeFileSync(join(root, 'package-lock.json'), '{"changed": true}\n')
  await launch()
  expect(calls()).toEqual(['ci', 'run', 'ci', 'run'])
  writeFileSync(join(root, 'lab', 'a.ts'), 'changed\n')
  await launch()
  expect(calls()).toEqual(['ci', 'run', 'ci', 'run', 'run'])
})

test('a failing npm ci ends with exit 3, why, and where all of it is; the next start tries again', async () => {
  haveNode('24.1.0')
  haveNpm(
    "[ $1 != ci ] || { mkdir -p node_modules; echo 'npm error code EUSAGE'; echo 'npm error out of sync'; exit 1; }",
  )
  const failed = await launch()
  expect(failed).toMatchObject({code: 3, out: ''})
  expect(failed.err).toContain('  | npm error code EUSAGE\n  | npm error out of sync\n')
  expect(failed.err).toContain(
    `pgha-lab: could not install the dependencies (npm ci) (exit code 1); above is why, all of it is in ${root}/dist/.setup/npm-ci.log\n`,
  )
  haveNpm()
  expect((await launch()).code).toBe(0)
})

test('a build that fails leaves no build that is believed good', async () => {
  haveNode('24.1.0')
  haveNpm()
  await launch()
  writeFileSync(join(root, 'lab', 'a.ts'), 'wrong\n')
  haveNpm("[ $1 != run ] || { echo 'lab/a.ts(1,1): error TS1'; exit 2; }")
  expect((await launch()).err).toContain('  | lab/a.ts(1,1): error TS1\n')
  expect((await launch()).code).toBe(3)
})

test('set-up that is interrupted is done again by the next start, and leaves no lock', async () => {
  haveNode('24.1.0')
  haveNpm('[ $1 != ci ] || { mkdir -p node_modules/half; sleep 20; }')
  // In a process group of its own, so that the signal reaches all of it, as Ctrl-C on a terminal does.
  const child = spawn(join(root, 'pgha-lab'), [], {env: {PATH: bin, HOME: place}, stdio: 'ignore', detached: true})
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  await until(() => existsSync(join(root, 'node_modules', 'half')))
  process.kill(-child.pid!, 'SIGINT')
  expect(await ended).toBe(130)
  expect(existsSync(join(root, 'dist', '.setup', 'lock'))).toBe(false)
  haveNpm()
  expect((await launch()).code).toBe(0)
  expect(calls()).toEqual(['ci', 'ci', 'run'])
})

test('two that are started at once install once, and the second says whom it waits for', async () => {
  haveNode('24.1.0')
  haveNpm('[ $1 != ci ] || sleep 1')
  const first = begin()
  const firstEnds = end(first)
  await until(() => existsSync(join(root, 'dist', '.setup', 'lock', 'pid')))
  const second = await launch()
  expect((await firstEnds).code).toBe(0)
  expect(second.code).toBe(0)
  expect(second.err).toBe(`another pgha-lab sets up this directory (process ${first.pid}); waiting for it\n`)
  expect(calls()).toEqual(['ci', 'run'])
})

test('the lock of a process that died is broken', async () => {
  haveNode('24.1.0')
  haveNpm()
  const dead = spawn('true')
  await new Promise(resolve => dead.on('close', resolve))
  mkdirSync(join(root, 'dist', '.setup', 'lock'), {recursive: true})
  writeFileSync(join(root, 'dist', '.setup', 'lock', 'pid'), `${dead.pid}\n`)
  const launched = await launch()
  expect(launched.code).toBe(0)
  expect(launched.err).not.toContain('another pgha-lab')
})

test('a published package, which has no tsconfig.json, needs only Node', async () => {
  haveNode('24.1.0')
  rmSync(join(root, 'tsconfig.json'))
  mkdirSync(join(root, 'dist', 'cli'), {recursive: true})
  writeFileSync(join(root, 'dist', 'cli', 'main.js'), '')
  expect(await launch(['--version'])).toEqual({
    code: 0,
    out: `ran on 24.1.0: ${root}/dist/cli/main.js --version\n`,
    err: '',
  })
  expect(existsSync(join(root, 'dist', '.setup'))).toBe(false)
})
