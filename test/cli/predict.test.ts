import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import {run} from '../../cli/program.ts'

async function printed(...args: readonly string[]): Promise<string> {
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  await run(['node', 'pgha-lab', 'predict', ...args])
  return out
}

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test('predict needs no lab: a table of one fault, or data', async () => {
  expect(await printed('--profile', 'fast', '--fault', 'stop')).toMatch(
    /ttl 20s, loop_wait 1s[\s\S]*release of the key/,
  )
  const data = JSON.parse(await printed('--fault', 'stop', '--json')) as {faults: {name: string}[]}
  expect(data.faults.map(fault => fault.name)).toEqual(['stop'])
})

test('predict shows who loses a virtual address, phase by phase, where there is one', async () => {
  const all = await printed('--topology', 'vip', '--profile', 'fast')
  expect(all).toMatch(/kill-vip-holder {2}[\s\S]*VRRP: the address has moved +2\.6 [\s\S]*ARP: a new connection/)
  vi.restoreAllMocks()
  const one = await printed('--topology', 'vip', '--profile', 'fast', '--fault', 'freeze-vip-holder')
  expect(one.replaceAll(/\s+/g, ' ')).toMatch(/Clients cannot write for 2\.6 to \d\.\d s .*own time-outs/)
})

test('predict refuses a fault that never comes in the topology, as a wrong use', async () => {
  let told = ''
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    told += String(text)
    return true
  })
  expect(await printed('--topology', 'single-etcd', '--fault', 'kill-host-and-etcd-leader')).toBe('')
  expect(told.replaceAll(/\s+/g, ' ')).toMatch(
    /`kill-host-and-etcd-leader` never comes in this topology: no host has both/,
  )
  expect(told).toContain('pgha-lab predict --topology single-etcd\n')
  expect(process.exitCode).toBe(2)
})

test('predict takes the files of a cluster all together, or each by its kind, and says the same', async () => {
  const folder = join('test', 'cases', 'configs', '01-correct-plain-listen')
  const [patroni, haproxy] = [join(folder, 'led1.yml'), join(folder, 'haproxy.cfg')]
  const together = await printed('--from', patroni, haproxy)
  vi.restoreAllMocks()
  expect(await printed('--from', patroni, '--haproxy', haproxy)).toBe(together)
})

test('predict says of another release than the one it was measured with that it is another', async () => {
  const assumed = async (...args: readonly string[]) => {
    const out = await printed('--fault', 'stop', '--json', ...args)
    vi.restoreAllMocks()
    return (JSON.parse(out) as {assumed: string[]}).assumed.filter(one => one.includes('measured'))
  }
  expect(await assumed()).toEqual([])
  expect(await assumed('--release', 'trixie')).toEqual([])
  expect(await assumed('--release', 'bookworm')).toEqual([
    'the terms of the model were measured with Patroni 4.0 (trixie), not with Patroni 3.0 (bookworm): docs/releases.md has what differs',
  ])
})

test('predict lays recorded runs over the timings of those runs', async () => {
  const out = await printed(
    '--runs',
    'test/histories/kill-leader.pass.ndjson.gz',
    '--fault',
    'kill-host-and-etcd-leader',
  )
  expect(out).toMatch(
    /ttl 20s[\s\S]*kill-leader\.pass\.ndjson\.gz \(kill-host-and-etcd-leader\): [\s\S]*all within the model/,
  )
})

test('predict lays over the runs of the lab that --name names', async () => {
  const state = mkdtempSync(join(tmpdir(), 'predict-'))
  const latest = join(state, 'pgha-lab', 'runs', 'second', 'latest')
  mkdirSync(latest, {recursive: true})
  cpSync('test/histories/kill-leader.pass.ndjson.gz', join(latest, 'events.ndjson.gz'))
  vi.stubEnv('XDG_STATE_HOME', state)
  try {
    const out = await printed('--runs', 'latest', '--name', 'second', '--fault', 'kill-host-and-etcd-leader')
    expect(out).toMatch(/latest \(kill-host-and-etcd-leader\)/)
  } finally {
    vi.unstubAllEnvs()
    rmSync(state, {recursive: true})
  }
})

test('predict compares two settings fault by fault', async () => {
  const out = await printed('--fault', 'kill-host', '--against', 'patroni.ttl=40s,patroni.loop_wait=5s')
  expect(out).toMatch(/kill-host +3\d\.\d s +4\d\.\d s +\+12\.\d s/)
})

test('a wrong word ends with exit code 2', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await printed('--fault', 'nonsense')
  expect(process.exitCode).toBe(2)
})

test('predict says of a cluster that is paused, or in which nobody else may lead, that nobody takes over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-predict-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const outcomes = async (...args: readonly string[]) => {
    const out = await printed('--json', ...args)
    vi.restoreAllMocks()
    return (JSON.parse(out) as {faults: {name: string; outcome: string}[]}).faults
      .filter(({outcome}) => outcome === 'takeover')
      .map(({name}) => name)
  }
  try {
    const set = join('test', 'cases', 'configs', '01-correct-plain-listen')
    const theirs = ['led1.yml', 'haproxy.cfg'].map(one => join(set, one))
    expect(await outcomes('--from', ...theirs)).toContain('kill-host')
    expect(await outcomes('--from', ...theirs, file('show.yml', 'pause: true\nttl: 30\n'))).toEqual(['switchover'])
    const tags = 'patroni: {tags: {node1: {nofailover: true}, node2: {nofailover: true}}}\n'
    expect(await outcomes('--topology', file('lab.yaml', tags))).toEqual([])
  } finally {
    rmSync(folder, {recursive: true})
  }
})
