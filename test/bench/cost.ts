/**
 * What watching and loading a lab costs, in percent of one core:
 *
 *     node test/bench/cost.ts [times, 3] [lab, bench-cost] [plain | json | screen | profile, plain]
 *
 * Raises a lab at profile fast, plays a quiet scenario with the clients of kill-leader (8 writers at 200/s, 4 readers at 40/s), and
 * reads from /proc what CPU time everybody took in the middle of it. `screen` gives it a terminal, so that the live view is drawn;
 * `profile` writes a .cpuprofile of the runner into the run's folder. The same is read first of the idle lab: what the probes make
 * others do is the difference, and a lab that is watched and has no clients tells the probes' part of that. The engine has to be on this machine, and what it does for other labs counts too.
 */
import {mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {Docker, exitCodes, lockLab, observe, openOurs, Recorder} from '../../lab/index.ts'
import {expectExit} from '../live/cli.ts'

const targetPercent = 25
const sampleSeconds = 20
const times = Number(process.argv[2] ?? 3)
const lab = process.argv[3] ?? 'bench-cost'
const mode = process.argv[4] ?? 'plain'
const root = join(import.meta.dirname, '..', '..')
/** Ticks of utime and stime in /proc, on every Linux that we run on (sysconf(_SC_CLK_TCK)). */
const ticksPerSecond = 100

const folder = mkdtempSync(join(tmpdir(), 'pgha-cost-'))
const scenario = join(folder, 'quiet.yaml')
writeFileSync(
  scenario,
  `about: Nothing happens.
needs: { postgres: 3, etcd: 3 }
clients:
  - { writers: 8, rate: 200/s, through: primary }
  - { readers: 4, rate: 40/s, through: replicas }
steps:
  - hold: 3s
  - say: measuring
  - hold: ${sampleSeconds + 2}s
expect: [logs-clean]
`,
)

try {
  await expectExit(0, ['up', '--name', lab, '--profile', 'fast'])
  const hosts = await hostsById()
  await sleep(5000)
  const idle = await measure(hosts, 0)
  const watched = await watchAlone(hosts)
  const runs: Costs[] = []
  for (let nth = 1; nth <= times; nth++) {
    const costs = await play(hosts, nth)
    runs.push(costs)
    const both = (costs.get('runner') ?? 0) + (costs.get('agent (clients)') ?? 0)
    console.log(`run ${nth} of ${times}: runner and agent ${both.toFixed(1)} %`)
  }
  print(idle, watched, runs)
} finally {
  await expectExit(0, ['down', '--name', lab])
}

/** Who -> percent of one core. */
type Costs = ReadonlyMap<string, number>

/** By this process itself, as a run does it. */
async function watchAlone(hosts: ReadonlyMap<string, string>): Promise<Costs> {
  const opened = await openOurs(new Docker(), lab)
  using _lock = lockLab(lab, 'what watching costs')
  using history = new Recorder(join(folder, 'watched.ndjson'))
  await using watch = await observe(opened, history)
  await watch.steady()
  await sleep(2000)
  return await measure(hosts, process.pid)
}

async function play(hosts: ReadonlyMap<string, string>, nth: number): Promise<Costs> {
  const out = join(folder, `${mode}-${nth}`)
  const profiling = mode === 'profile' ? ['--cpu-prof', `--cpu-prof-dir=${out}`] : []
  const showing = mode === 'json' ? ['--json'] : mode === 'screen' ? [] : ['--plain']
  const argv = [
    ...profiling,
    join(root, 'dist/cli/main.js'),
    'chaos',
    scenario,
    '--name',
    lab,
    '--out',
    out,
    ...showing,
  ]
  const env = {PGHA_LAB_SETUP: 'never'}
  const running =
    mode === 'screen'
      ? execa('script', ['-qefc', [process.execPath, ...argv].join(' '), '/dev/null'], {
          ...{env: {...env, TERM: 'xterm-256color'}, stdin: 'pipe', reject: false},
        })
      : execa(process.execPath, argv, {env, stdin: 'ignore', reject: false})
  await untilMeasuring(join(out, 'events.ndjson'), running)
  const runner = mode === 'screen' ? childOf(running.pid ?? 0) : (running.pid ?? 0)
  const costs = await measure(hosts, runner)
  const {exitCode, stderr} = await running
  if (exitCode !== exitCodes.passed) throw new Error(`the quiet run ended with ${exitCode}: ${stderr}`)
  return costs
}

/** The history tells it in every mode. */
async function untilMeasuring(events: string, running: PromiseLike<{exitCode?: number}>): Promise<void> {
  let ended: number | undefined
  void running.then(({exitCode = -1}) => {
    ended = exitCode
  })
  while (ended === undefined) {
    await sleep(200)
    try {
      if (readFileSync(events, 'utf8').includes('"says":"measuring"')) return sleep(500)
    } catch {
      // not there yet
    }
  }
  throw new Error(`the quiet run ended with ${ended} before it could be measured`)
}

async function measure(hosts: ReadonlyMap<string, string>, runner: number): Promise<Costs> {
  const began = performance.now()
  const before = cpuSeconds()
  await sleep(sampleSeconds * 1000)
  const after = cpuSeconds()
  const seconds = (performance.now() - began) / 1000
  const costs = new Map<string, number>()
  for (const [pid, spent] of after) {
    const who = whoIs(pid, hosts, runner)
    const percent = ((spent - (before.get(pid) ?? 0)) / seconds) * 100
    if (who !== null && percent > 0) costs.set(who, (costs.get(who) ?? 0) + percent)
  }
  return costs
}

/** Of every process there is, utime and stime (proc(5), fields 14 and 15, counted after the command's name). */
function cpuSeconds(): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (const pid of readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)) {
    const stat = read(`/proc/${pid}/stat`)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (stat !== '') found.set(pid, (Number(fields[11]) + Number(fields[12])) / ticksPerSecond)
  }
  return found
}

/** Null: nobody of ours. */
function whoIs(pid: number, hosts: ReadonlyMap<string, string>, runner: number): string | null {
  if (pid === runner) return 'runner'
  const argv = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
  const [, id] = /([0-9a-f]{64})/.exec(read(`/proc/${pid}/cgroup`)) ?? []
  const host = id === undefined ? undefined : hosts.get(id)
  if (host !== undefined) return service(argv)
  if (/docker-proxy /.test(argv)) return 'docker-proxy (of every lab)'
  if (/(^|\/)dockerd( |$)/.test(argv)) return 'dockerd (for every lab)'
  if (/(^|\/)containerd( |$)/.test(argv)) return 'containerd (for every lab)'
  const [, shim] = /containerd-shim.* -id ([0-9a-f]{64})/.exec(argv) ?? []
  return shim !== undefined && hosts.has(shim) ? 'containerd-shim' : null
}

function service(argv: string): string {
  if (argv.includes('agent.mjs')) return 'agent (clients)'
  if (argv.includes('observer.mjs')) return 'relay (observer)'
  // A backend's title: `postgres: pgha: postgres postgres 172.31.0.1(40000) idle`, with the role and the database.
  const [, role] = /^postgres: \S+ (\w+) \w+ [\d.]+\(\d+\)/.exec(argv) ?? []
  if (role === 'app') return 'PostgreSQL: backends of the clients'
  if (role === 'postgres') return 'PostgreSQL: backends of the superuser (probes, Patroni)'
  if (/^postgres: |\/postgres( |$)/.test(argv)) return 'PostgreSQL: the rest'
  if (argv.includes('patroni')) return 'Patroni'
  if (argv.includes('haproxy')) return 'HAProxy'
  if (argv.includes('etcd')) return 'etcd'
  return 'supervision and logs of the hosts'
}

async function hostsById(): Promise<ReadonlyMap<string, string>> {
  const docker = new Docker()
  const [containers, observer] = await Promise.all([docker.containers(lab), docker.observer(lab)])
  return new Map([...containers.map(({id, host}) => [id, host] as const), [observer?.id ?? '', 'observer']])
}

function childOf(parent: number): number {
  const found = readdirSync('/proc').find(name => /^\d+$/.test(name) && parentOf(name) === parent)
  if (found === undefined) throw new Error('`script` has started nothing')
  // It starts a shell, which may have become the program or started it.
  const below = readdirSync('/proc').find(name => /^\d+$/.test(name) && parentOf(name) === Number(found))
  return Number(below ?? found)
}

function parentOf(pid: string): number {
  const stat = read(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** A process that has gone has nothing to tell. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function print(idle: Costs, watched: Costs, runs: readonly Costs[]): void {
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  const names = [...new Set([idle, watched, ...runs].flatMap(costs => [...costs.keys()]))]
  const rows = names.map(who => ({
    who,
    each: [median(runs.map(costs => costs.get(who) ?? 0)), watched.get(who) ?? 0, idle.get(who) ?? 0],
  }))
  const total = [0, 1, 2].map(column => rows.reduce((sum, {each}) => sum + each[column]!, 0))
  console.log(
    `\nCPU in % of one core, over ${sampleSeconds} s: median of ${runs.length} runs (${mode}), watched without clients, idle`,
  )
  for (const {who, each} of [...rows.toSorted((a, b) => b.each[0]! - a.each[0]!), {who: 'together', each: total}])
    console.log(`${who.padEnd(58)} ${each.map(percent => percent.toFixed(1).padStart(6)).join(' ')}`)
  const both = median(runs.map(costs => (costs.get('runner') ?? 0) + (costs.get('agent (clients)') ?? 0)))
  console.log(`\nclients and probes (agent and runner): ${both.toFixed(1)} % of one core; target ${targetPercent} %`)
  console.log(`evidence: ${folder}`)
  process.exitCode = both <= targetPercent ? 0 : 1
}
