/** etcd-in-turn, run on this machine: whom the first start of each member waits for, by the configuration that it is given. */
import {execFileSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {etcd} from '../../compose/etcd.ts'
import {allocate} from '../../lab/state/allocate.ts'
import {hostsWith} from '../../lab/topology/topology.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'

const script = readFileSync(join(import.meta.dirname, '../../images/host/bin/etcd-in-turn'), 'utf8')
const onLinux = test.runIf(process.platform === 'linux')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-in-turn-'))
  mkdirSync(join(folder, 'bin'))
  const curl = join(folder, 'bin', 'curl')
  // The second time it is asked, it serves.
  writeFileSync(
    curl,
    '#!/bin/sh\nfor last; do :; done\necho "$last" >> "$FOLDER/asked"\n[ "$(wc -l < "$FOLDER/asked")" -ge 2 ]\n',
  )
  chmodSync(curl, 0o755)
})
afterEach(() => rmSync(folder, {recursive: true}))

/** What it asked until it let the member start. */
function asked(configuration: string): string[] {
  const [config, log] = [join(folder, 'etcd.yaml'), join(folder, 'asked')]
  rmSync(log, {force: true})
  writeFileSync(config, configuration)
  execFileSync('sh', ['-c', script.replace('/etc/etcd/etcd.yaml', config)], {
    env: {...process.env, FOLDER: folder, PATH: `${join(folder, 'bin')}:${process.env.PATH}`},
  })
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
}

onLinux.each([3, 5])('of %i members one waits for nobody, and all others for that one alone', async count => {
  const more = Array.from({length: count - 3}, (_, index) => `hosts.etcd${index + 1}=etcd`)
  const topology = loadTopology({set: more})
  const allocation = await allocate('turn', topology, {host: 'h', app: 'a'}, [])
  const hosts = hostsWith(topology, 'etcd')
  expect(hosts).toHaveLength(count)
  const waits = hosts.map(host => asked(etcd(topology, allocation, host)))
  const [first, ...others] = waits.toSorted((a, b) => a.length - b.length)
  expect(first).toEqual([])
  // The one that every other member asks first: by its address as text, 10.0.0.10 before 10.0.0.2.
  const url = hosts.map(host => `http://${allocation.addresses[host]}:2380/version`).toSorted()[0]
  expect(others).toEqual(others.map(() => [url, url]))
})
