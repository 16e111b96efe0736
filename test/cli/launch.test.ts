/** The launcher, run by the system's sh in a checkout of its own, with an npm and a Node that only write down what is asked. */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {fakeRegistry} from '../fake-registry.ts'

const project = join(import.meta.dirname, '..', '..')
/** All that the launcher may use of a system; npm and node are put beside them by each test. */
const tools = [
  'sh',
  'cat',
  'chmod',
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
  'sha256sum',
  'sleep',
  'tail',
  'uname',
]

const system = execFileSync('sh', ['-c', 'echo "$(uname -s)-$(uname -m)"'], {encoding: 'utf8'}).trim()

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
  pin(`#!/bin/sh\n${fakeNode('24.21.0')}`)
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'lab/a.ts'])
    writeFileSync(join(root, file), '{}\n')
  longAgo('lab/a.ts', 'lab', 'compose', 'cli', 'cli/launch.sh', 'cli/node-pins')
  longAgo('package.json', 'package-lock.json', 'tsconfig.json')
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

/** What the launcher is to fetch: the program with exactly this content. */
function pin(content: string) {
  const sha256 = createHash('sha256').update(content).digest('hex')
  writeFileSync(
    join(root, 'cli', 'node-pins'),
    `# a comment\nOther-cpu x 1.0.0 00\n${system} node-here 24.21.0 ${sha256}\n`,
  )
}

/** Where a fetched Node lies. */
function pinned(cache = join(place, '.cache')): string {
  return join(cache, 'pgha-lab', 'node', `24.21.0-${system}`, 'node')
}

/** Writes each call into `calls`; `also` runs first. */
function haveNpm(also = '') {
  script(
    join(bin, 'npm'),
    `echo "$1" >>'${place}/calls'
${also}
case $1 in
  install)
    mkdir -p "$3/node_modules/node-here/bin"
    cat >"$3/node_modules/node-here/bin/node" <<'NODE'
#!/bin/sh
${fakeNode('24.21.0')}NODE
    ;;
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

test('an old Node is left alone and a new one fetched beside it, once', async () => {
  haveNode('20.20.2')
  haveNpm()
  const first = await launch()
  expect(first.out).toContain('ran on 24.21.0')
  expect(first.err).toContain('fetch Node 24.21.0 (found v20.20.2 at ')
  await launch()
  expect(calls()).toEqual(['install', 'ci', 'run'])
})

test('a fetched Node lies outside the checkout, for all checkouts of this user, and only the program is kept', async () => {
  haveNode('20.20.2')
  haveNpm()
  await launch()
  expect(readdirSync(join(place, '.cache', 'pgha-lab'), {recursive: true}).sort()).toEqual([
    'node',
    `node/24.21.0-${system}`,
    `node/24.21.0-${system}/node`,
  ])
  expect(existsSync(join(root, '.node'))).toBe(false)
  const other = join(place, 'other')
  cpSync(root, other, {recursive: true})
  rmSync(join(other, 'dist'), {recursive: true})
  expect((await launch([], {}, join(other, 'pgha-lab'))).out).toContain('ran on 24.21.0')
  expect(calls()).toEqual(['install', 'ci', 'run', 'run'])
})

test('a fetched Node with another checksum is refused in one sentence, never run, and not kept', async () => {
  haveNode('20.20.2')
  haveNpm()
  pin('the real one')
  const refused = await launch()
  expect(refused).toMatchObject({code: 3, out: ''})
  expect(refused.err).toMatch(
    /\npgha-lab: what npm brought as Node 24\.21\.0 has another checksum \([0-9a-f]{64}\) than Node 24\.21\.0 has \([0-9a-f]{64}\): it was removed unused\. .*\n$/,
  )
  expect(readdirSync(join(place, '.cache', 'pgha-lab', 'node'), {recursive: true})).toEqual([`24.21.0-${system}`])
  expect(calls()).toEqual(['install'])
})

test('a fetched Node that is half there or was changed since is fetched again, not run', async () => {
  haveNode('20.20.2')
  haveNpm()
  await launch()
  const whole = readFileSync(pinned(), 'utf8')
  for (const other of [whole.slice(0, 40), `${whole}echo hurt\n`]) {
    writeFileSync(pinned(), other)
    const soon = Date.now() / 1000 + 1
    utimesSync(pinned(), soon, soon) // newer than the mark, as anything written later is
    expect((await launch()).out).toBe(`ran on 24.21.0: ${root}/dist/cli/main.js\n`)
    expect(readFileSync(pinned(), 'utf8')).toBe(whole)
  }
  expect(calls()).toEqual(['install', 'ci', 'run', 'install', 'install'])
})

test('what a launcher that was killed had fetched by half is removed by the next that fetches, a living one is left alone', async () => {
  haveNode('20.20.2')
  haveNpm()
  const dead = spawn('true')
  await new Promise(resolve => dead.on('close', resolve))
  const fetches = join(place, '.cache', 'pgha-lab', 'node')
  for (const pid of [dead.pid, process.pid]) mkdirSync(join(fetches, `.fetch.${pid}`, 'half'), {recursive: true})
  expect((await launch()).code).toBe(0)
  expect(readdirSync(fetches).sort()).toEqual([`.fetch.${process.pid}`, `24.21.0-${system}`])
})

test('two checkouts that fetch at once both get the whole program', async () => {
  haveNode('20.20.2')
  haveNpm('[ $1 != install ] || sleep 1')
  const other = join(place, 'other')
  cpSync(root, other, {recursive: true})
  const both = await Promise.all([launch(['a']), launch(['b'], {}, join(other, 'pgha-lab'))])
  expect(both.map(one => one.code)).toEqual([0, 0])
  expect(both.map(one => one.out.slice(0, 14))).toEqual(['ran on 24.21.0', 'ran on 24.21.0'])
  expect(readdirSync(join(place, '.cache', 'pgha-lab', 'node'))).toEqual([`24.21.0-${system}`])
})

test('a fetch that is interrupted leaves nothing that could be run', async () => {
  haveNode('20.20.2')
  haveNpm('[ $1 != install ] || { mkdir -p "$3/half"; sleep 20; }')
  const child = spawn(join(root, 'pgha-lab'), [], {env: {PATH: bin, HOME: place}, stdio: 'ignore', detached: true})
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  const fetches = join(place, '.cache', 'pgha-lab', 'node')
  await until(() => existsSync(join(fetches, `.fetch.${child.pid}`, 'half')))
  process.kill(-child.pid!, 'SIGINT')
  expect(await ended).toBe(130)
  expect(readdirSync(fetches, {recursive: true})).toEqual([`24.21.0-${system}`])
})

test('real npm fetches the pinned package from the registry it is set to, and runs none of its scripts', async () => {
  const program = `#!/bin/sh\n${fakeNode('24.21.0')}`
  await using registry = await fakeRegistry('node-here', '24.21.0', program, 'bin/node')
  // An old Node by its own word; npm runs on what it really is.
  script(
    join(bin, 'node'),
    `case $1 in -p | --version) echo "v20.20.2" ;; *) exec '${process.execPath}' "$@" ;; esac\n`,
  )
  const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], {encoding: 'utf8'}).trim())
  script(join(bin, 'npm'), `[ "$1" != install ] && exit 1\nexec '${process.execPath}' '${npm}' "$@"\n`)
  const launched = await launch([], {npm_config_registry: registry.url, npm_config_cache: join(place, 'npm-cache')})
  expect(launched.err).toContain('fetch Node 24.21.0 (found v20.20.2 at ')
  expect(launched.err).toContain('could not install the dependencies') // by then it has its Node
  expect(readFileSync(pinned(), 'utf8')).toBe(program)
  expect(registry.downloads()).toBe(1)
  expect(existsSync(join(root, 'script-ran'))).toBe(false)
})

test('the Node to fetch is pinned for Linux and macOS on both processors, by version and checksum', () => {
  const lines = readFileSync(join(project, 'cli', 'node-pins'), 'utf8').split('\n')
  const pins = lines.filter(line => line !== '' && !line.startsWith('#')).map(line => line.split(/ +/))
  expect(pins.map(([of]) => of)).toEqual(['Linux-x86_64', 'Linux-aarch64', 'Darwin-x86_64', 'Darwin-arm64'])
  for (const [, name, version, sha256, ...rest] of pins) {
    expect(name).toMatch(/^node-(bin-)?(linux|darwin)-(x64|arm64)$/)
    expect(version).toMatch(/^24\.\d+\.\d+$/)
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(rest).toEqual([])
  }
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

async function until(holds: () => boolean) {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error('it did not come to that within 10 s')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
