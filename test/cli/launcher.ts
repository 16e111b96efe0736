/** The launcher, run by the system's sh in a checkout of its own, with an npm and a Node that only write down what is asked. */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
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
import {afterEach, beforeEach} from 'vitest'

export const project = join(import.meta.dirname, '..', '..')
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

export const system = execFileSync('sh', ['-c', 'echo "$(uname -s)-$(uname -m)"'], {encoding: 'utf8'}).trim()

export let place: string
export let root: string
export let bin: string

/** A checkout, and a PATH with the tools of a system, for each test of a file. */
export function eachInACheckout(): void {
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
}

/** Files of a checkout are older than what was made from them. */
export function longAgo(...files: string[]) {
  for (const file of files) utimesSync(join(root, file), 1_700_000_000, 1_700_000_000)
}

export function script(file: string, text: string) {
  writeFileSync(file, `#!/bin/sh\n${text}`)
  chmodSync(file, 0o755)
}

export function fakeNode(version: string) {
  return `case $1 in
  -p) echo "${version} $0" ;;
  --version) echo "v${version}" ;;
  --*) shift && echo "ran on ${version}: $*" ;;
esac
`
}

export function haveNode(version: string) {
  script(join(bin, 'node'), fakeNode(version))
}

/** What the launcher is to fetch: the program with exactly this content. */
export function pin(content: string) {
  const sha256 = createHash('sha256').update(content).digest('hex')
  writeFileSync(
    join(root, 'cli', 'node-pins'),
    `# a comment\nOther-cpu x 1.0.0 00\n${system} node-here 24.21.0 ${sha256}\n`,
  )
}

/** Where a fetched Node lies. */
export function pinned(cache = join(place, '.cache')): string {
  return join(cache, 'pgha-lab', 'node', `24.21.0-${system}`, 'node')
}

/** Writes each call into `calls`; `also` runs first. */
export function haveNpm(also = '') {
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
  run) mkdir -p dist/cli && : >dist/cli/main.js && : >dist/.built ;;
esac
`,
  )
}

export function calls(): string[] {
  const file = join(place, 'calls')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

export function begin(
  args: readonly string[] = [],
  env: Record<string, string> = {},
  program = join(root, 'pgha-lab'),
): ChildProcess {
  return spawn(program, args, {cwd: '/', env: {PATH: bin, HOME: place, ...env}, stdio: ['ignore', 'pipe', 'pipe']})
}

export async function end(child: ChildProcess) {
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

export async function launch(args: readonly string[] = [], env: Record<string, string> = {}, program?: string) {
  return end(begin(args, env, program))
}

export async function until(holds: () => boolean) {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error('it did not come to that within 10 s')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
