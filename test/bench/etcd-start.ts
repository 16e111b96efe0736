/**
 * How long the first start of an etcd cluster takes until its version is known, as members wait for each other before they start:
 *
 *     node test/bench/etcd-start.ts ETCD [members, 5] [rounds, 5] [another etcd-in-turn to compare with]
 *
 * ETCD is the program, such as that of the image (`docker create`, `docker cp -L NAME:/usr/bin/etcd .`). Members are processes on
 * addresses of the loopback device, with this machine's CPUs to share; the scripts take turns in one run. Told are the moments at which a
 * leader is there, and at which the cluster's version is that of its members (before, etcd says 3.0, and Patroni would take it for old).
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {printYaml} from '../../compose/print-yaml.ts'
import {spread} from './spread.ts'

const [etcd = 'etcd', members = '5', rounds = '5', other] = process.argv.slice(2)
const own = join(import.meta.dirname, '../../images/host/bin/etcd-in-turn')
const scripts = [own, ...(other === undefined ? [] : [resolve(other)])]
const addresses = Array.from({length: Number(members)}, (_, index) => `127.0.13.${index + 1}`)
const cluster = addresses.map((address, index) => `m${index + 1}=http://${address}:2380`).join(',')
const withinMs = 20_000

interface Taken {
  readonly ledMs: number
  readonly versionMs: number
}

async function started(script: string): Promise<Taken> {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-etcd-start-'))
  const running: ChildProcess[] = []
  try {
    const began = performance.now()
    for (const [index, address] of addresses.entries()) {
      const config = join(folder, `m${index + 1}.yaml`)
      writeFileSync(config, printYaml(settings(folder, index, address)))
      const turn = join(folder, `turn${index + 1}`)
      writeFileSync(turn, readFileSync(script, 'utf8').replace('/etc/etcd/etcd.yaml', config))
      running.push(
        spawn('sh', ['-c', 'sh "$2"; exec "$1" --config-file "$0"', config, resolve(etcd), turn], {stdio: 'ignore'}),
      )
    }
    const ledMs = await until(began, async () => (await ask('/v3/maintenance/status', '{}'))?.leader !== undefined)
    const versionMs = await until(began, async () => {
      const said = await ask('/version')
      return said?.etcdcluster !== undefined && said.etcdcluster !== '3.0.0' && said.etcdcluster !== 'not_decided'
    })
    return {ledMs, versionMs}
  } finally {
    await Promise.all(
      running.map(async one => {
        const ended = new Promise(done => one.once('exit', done))
        one.kill('SIGKILL')
        await ended
      }),
    )
    rmSync(folder, {recursive: true})
  }
}

function settings(folder: string, index: number, address: string): Record<string, string | boolean> {
  return {
    name: `m${index + 1}`,
    'data-dir': join(folder, `m${index + 1}`),
    'listen-client-urls': `http://${address}:2379`,
    'advertise-client-urls': `http://${address}:2379`,
    'listen-peer-urls': `http://${address}:2380`,
    'initial-advertise-peer-urls': `http://${address}:2380`,
    'initial-cluster': cluster,
    'initial-cluster-token': 'bench',
    'initial-cluster-state': 'new',
  }
}

async function until(began: number, holds: () => Promise<boolean>): Promise<number> {
  while (!(await holds())) {
    if (performance.now() - began > withinMs) return Number.POSITIVE_INFINITY
    await sleep(20)
  }
  return performance.now() - began
}

async function ask(path: string, body?: string): Promise<Record<string, unknown> | undefined> {
  try {
    const answer = await fetch(`http://${addresses[0]}:2379${path}`, {
      ...(body === undefined ? {} : {method: 'POST', body}),
      signal: AbortSignal.timeout(500),
    })
    return answer.ok ? ((await answer.json()) as Record<string, unknown>) : undefined
  } catch {
    return undefined // it does not serve yet
  }
}

const taken = new Map<string, Taken[]>(scripts.map(script => [script, []]))
for (let round = 0; round < Number(rounds); round++)
  for (const script of scripts) taken.get(script)?.push(await started(script))
for (const [script, all] of taken) {
  const seconds = (what: keyof Taken) =>
    spread(
      all.map(one => one[what] / 1000),
      's',
    )
  console.log(`${script}\n  a leader   ${seconds('ledMs')}\n  its version ${seconds('versionMs')}`)
}
