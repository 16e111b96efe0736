/** replace-etcd, run on this machine in a folder of its own: what it asks of etcd and of the supervisor, and in which order. */
import {execFileSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

const bin = join(import.meta.dirname, '../../images/host/bin')
const onLinux = test.runIf(process.platform === 'linux')
const member = (id: string, host: string) =>
  `${id}, started, ${host}, http://10.0.0.${host.at(-1)}:2380, http://x, false`
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-replace-'))
  for (const made of ['data/etcd/member/wal', 'run/pgha-lab', 'bin']) mkdirSync(join(folder, made), {recursive: true})
  write(
    'etcd.yaml',
    [
      ...['name: node2', 'advertise-client-urls: "http://10.0.0.2:2379"'],
      'initial-advertise-peer-urls: "http://10.0.0.2:2380"',
      'initial-cluster: node1=http://10.0.0.1:2380,node2=http://10.0.0.2:2380,node3=http://10.0.0.3:2380',
      'initial-cluster-state: new',
    ].join('\n'),
  )
  program(
    's6-svc',
    '[ "$1" != -u ] || sed -n "s/^initial-cluster-state/starts with/p" "$FOLDER/run/pgha-lab/etcd.yaml" >> "$FOLDER/asked"',
  )
  program('never-undo', '')
  program('sleep', '')
  knows(member('a1', 'node1'), member('b2', 'node2'), member('c3', 'node3'))
})
afterEach(() => rmSync(folder, {recursive: true}))

const at = (file: string) => join(folder, file)

function write(file: string, text: string): void {
  writeFileSync(at(file), `${text}\n`)
}

/** It notes down how it was called, and by whom etcdctl asks. */
function program(name: string, does: string): void {
  write(`bin/${name}`, `#!/bin/sh\necho "${name} $* $ETCDCTL_ENDPOINTS" >> "$FOLDER/asked"\n${does}`)
  chmodSync(at(`bin/${name}`), 0o755)
}

function knows(...members: readonly string[]): void {
  write('members', members.join('\n'))
  program('etcdctl', 'case $2 in list) cat "$FOLDER/members" ;; esac')
}

function replace(): string[] {
  const script = readFileSync(join(bin, 'replace-etcd'), 'utf8')
  const here = script.replaceAll('/data/', `${folder}/data/`).replaceAll('/run/pgha-lab', `${folder}/run/pgha-lab`)
  execFileSync('sh', ['-c', here.replace('/etc/etcd/etcd.yaml', at('etcd.yaml'))], {
    env: {...process.env, FOLDER: folder, PATH: `${at('bin')}:${process.env.PATH}`},
    stdio: 'pipe',
  })
  return existsSync(at('asked')) ? readFileSync(at('asked'), 'utf8').trim().split('\n') : []
}

const others = 'http://10.0.0.1:2379,http://10.0.0.3:2379'

onLinux('the member is taken out by its id, added anew, and started to join; then nothing is left', () => {
  write('data/etcd/pgha-lab-lost', '')
  const asked = replace()
  expect(asked.filter(one => !one.includes('member list'))).toEqual([
    's6-svc -wD -T 10000 -d /run/service/etcd ',
    `etcdctl member remove b2 ${others}`,
    `etcdctl member add node2 --peer-urls=http://10.0.0.2:2380 ${others}`,
    `s6-svc -u /run/service/etcd ${others}`,
    'starts with: existing',
    'etcdctl get pgha-lab http://10.0.0.2:2379',
    `never-undo replace-etcd ${others}`,
  ])
  expect(
    ['data/etcd/member', 'data/etcd/pgha-lab-lost', 'run/pgha-lab/etcd.yaml'].map(one => existsSync(at(one))),
  ).toEqual([false, false, false])
})

onLinux('one that was taken out before is only added', () => {
  write('data/etcd/pgha-lab-lost', '')
  knows(member('a1', 'node1'), member('c3', 'node3'))
  expect(replace().filter(one => / (remove|add) /.test(one))).toEqual([expect.stringContaining('member add node2')])
})

onLinux('a member that has lost nothing is left alone', () => {
  expect(replace()).toEqual(['never-undo replace-etcd'])
  expect(existsSync(at('data/etcd/member'))).toBe(true)
})

onLinux('where the others answer nothing it fails, and its data is kept as lost', () => {
  write('data/etcd/pgha-lab-lost', '')
  program('etcdctl', 'exit 1')
  expect(() => replace()).toThrow()
  expect(existsSync(at('data/etcd/pgha-lab-lost'))).toBe(true)
})
