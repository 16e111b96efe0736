/** The launcher finds a Node that is new enough, or fetches the one that is pinned. */
import {execFileSync, spawn} from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {fakeRegistry} from '../fake-registry.ts'
import {
  bin,
  calls,
  eachInACheckout,
  fakeNode,
  haveNode,
  haveNpm,
  launch,
  pin,
  pinned,
  place,
  project,
  root,
  script,
  system,
  until,
} from './launcher.ts'

eachInACheckout()

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
