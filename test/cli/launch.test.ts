/** The launcher, run by the system's sh in a checkout of its own, with an npm and a Node that only write down what is asked. */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

const project = join(import.meta.dirname, '..', '..')
/** All that the launcher may use of a system; npm and node are put beside them by each test. */
const tools = [
  'sh',
  'cat',
  'date',
  'env',
  'find',
  'grep',
  'head',
  'mkdir',
  'mv',
  'ps',
  'readlink',
  'rm',
  'rmdir',
  'sed',
  'sleep',
  'tail',
]

let place: string
let root: string
let bin: string

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'pgha-lab-launch-'))
  root = join(place, 'a check out')
  bin = join(place, 'bin')
  for (const folder of ['lab', 'compose', 'cli']) mkdirSync(join(root, folder), {recursive: true})
  mkdirSync(bin)
  for (const tool of tools)
    symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], {encoding: 'utf8'}).trim(), join(bin, tool))
  copyFileSync(join(project, 'pgha-lab'), join(root, 'pgha-lab'))
  copyFileSync(join(project, 'cli', 'launch.sh'), join(root, 'cli', 'launch.sh'))
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'lab/a.ts'])
    writeFileSync(join(root, file), '{}\n')
  longAgo('lab/a.ts', 'lab', 'compose', 'cli', 'cli/launch.sh', 'package.json', 'package-lock.json', 'tsconfig.json')
})
afterEach(() => rmSync(place, {recursive: true, force: true}))

/** Files of a checkout are older than what was made from them. */
function longAgo(...files: string[]) {
  for (const file of files) utimesSync(join(root, file), 1_700_000_000, 1_700_000_000)
}

function script(file: string, text: string) {
  writeFileSync(file, `#!/bin/sh\n${text}`)
  chmodSync(file, 0o755)
}

function fakeNode(version: string) {
  return `case $1 in
  -p) echo "${version} $0" ;;
  --version) echo "v${version}" ;;
  *) echo "ran on ${version}: $*" ;;
esac
`
}

function haveNode(version: string) {
  script(join(bin, 'node'), fakeNode(version))
}

/** Writes each call into `calls`; `also` runs first. */
function haveNpm(also = '') {
  script(
    join(bin, 'npm'),
    `echo "$1" >>'${place}/calls'
${also}
case $1 in
  install)
    mkdir -p "$3/node_modules/node/bin"
    cp_to="$3/node_modules/node/bin/node"
    cat >"$cp_to" <<'NODE'
#!/bin/sh
${fakeNode('24.21.0')}NODE
    ${execFileSync('sh', ['-c', 'command -v chmod'], {encoding: 'utf8'}).trim()} +x "$cp_to" ;;
  ci) mkdir -p node_modules && : >node_modules/.package-lock.json ;;
  run) mkdir -p dist/cli && : >dist/cli/main.js ;;
esac
`,
  )
}

function calls(): string[] {
  const file = join(place, 'calls')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

function begin(
  args: readonly string[] = [],
  env: Record<string, string> = {},
  program = join(root, 'pgha-lab'),
): ChildProcess {
  return spawn(program, args, {cwd: '/', env: {PATH: bin, HOME: place, ...env}, stdio: ['ignore', 'pipe', 'pipe']})
}

async function end(child: ChildProcess) {
  let [out, err] = ['', '']
  child.stdout?.on('data', chunk => {
    out += chunk
  })
  child.stderr?.on('data', chunk => {
    err += chunk
  })
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return {code, out, err}
}

async function launch(args: readonly string[] = [], env: Record<string, string> = {}, program?: string) {
  return end(begin(args, env, program))
}

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

test('an old Node is left alone and a new one fetched beside it, once', async () => {
  haveNode('20.20.2')
  haveNpm()
  const first = await launch()
  expect(first.out).toContain('ran on 24.21.0')
  expect(first.err).toContain('fetch Node 24 (found v20.20.2 at ')
  await launch()
  expect(calls()).toEqual(['install', 'ci', 'run'])
})

test('a Node in the PATH that is new enough since wins over the fetched one', async () => {
  haveNode('20.20.2')
  haveNpm()
  await launch()
  const other = join(place, 'other')
  mkdirSync(other)
  script(join(other, 'node'), fakeNode('26.0.0'))
  expect((await launch([], {PATH: `${other}:${bin}`})).out).toContain('ran on 26.0.0')
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
    `PGHA_LAB_SETUP=never forbids installing it; install it (https://nodejs.org), or run: npm install --prefix '${root}/.node' node@24`,
  )
  haveNode('24.1.0')
  const noDependencies = await launch([], {PGHA_LAB_SETUP: 'never'})
  expect(noDependencies.code).toBe(3)
  expect(noDependencies.err).toBe(
    `pgha-lab: the dependencies are not installed, or not those of package-lock.json, and PGHA_LAB_SETUP=never forbids installing it; run: cd '${root}' && npm ci --include=dev\n`,
  )
  expect(calls()).toEqual([])
  expect(existsSync(join(root, '.node', 'lock'))).toBe(false)
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
    `pgha-lab: could not install the dependencies (npm ci) (exit code 1); above is why, all of it is in ${root}/.node/npm-ci.log\n`,
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
  expect(existsSync(join(root, '.node', 'lock'))).toBe(false)
  haveNpm()
  expect((await launch()).code).toBe(0)
  expect(calls()).toEqual(['ci', 'ci', 'run'])
})

test('two that are started at once install once, and the second says whom it waits for', async () => {
  haveNode('24.1.0')
  haveNpm('[ $1 != ci ] || sleep 1')
  const first = begin()
  const firstEnds = end(first)
  await until(() => existsSync(join(root, '.node', 'lock', 'pid')))
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
  mkdirSync(join(root, '.node', 'lock'), {recursive: true})
  writeFileSync(join(root, '.node', 'lock', 'pid'), `${dead.pid}\n`)
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
  expect(existsSync(join(root, '.node'))).toBe(false)
})

async function until(holds: () => boolean) {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error('it did not come to that within 10 s')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
