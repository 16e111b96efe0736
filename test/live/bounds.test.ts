/** What a container of a lab may do and take, as the kernel and the engine say it; and who can read its passwords. */
import {appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {composeFile} from '../../compose/render.ts'
import {Docker, openLab} from '../../lab/index.ts'
import {composeFile as composeFileOf} from '../../lab/state/folders.ts'
import {owner} from '../../lab/state/owner.ts'
import {expectExit} from './cli.ts'

const name = 'compose-bounds'
const lab = ['--name', name]
const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-bounds-'))
const docker = async (...argv: readonly string[]) => (await execa('docker', argv)).stdout
const on = (host: string, script: string) => docker('exec', `pgha-lab-${name}-${host}`, 'sh', '-c', script)

/** capabilities(7), by their numbers. */
const numbers: Readonly<Record<string, number>> = {
  ...{CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, KILL: 5, SETGID: 6, SETUID: 7, NET_ADMIN: 12, NET_RAW: 13, SYS_PTRACE: 19},
}

beforeAll(async () => {
  const set = ['--set', 'postgresql.data_size=384MB', '--set', 'postgresql.parameters.max_connections=1050']
  await expectExit(0, ['up', ...lab, '--profile', 'fast', ...set])
})
afterAll(async () => {
  await expectExit(0, ['down', ...lab])
  rmSync(folder, {recursive: true, force: true})
})

test('every process of every host is bounded to the rights that are meant for it, and can get no more', async () => {
  const {topology, allocation} = openLab(new Docker(), name)
  for (const [host, service] of Object.entries(composeFile(topology, allocation, owner()).services)) {
    const may = (service.cap_add ?? []).reduce((sum, one) => sum + 2 ** numbers[one]!, 0)
    const seen = (await on(host, 'cat /proc/[0-9]*/status 2> /dev/null || true')).match(
      /^(CapBnd|NoNewPrivs):\s*\S+$/gm,
    )
    const bounding = seen!.filter(line => line.startsWith('CapBnd'))
    expect(bounding.length, host).toBeGreaterThan(1)
    for (const line of bounding) expect(Number.parseInt(line.split(/\s+/)[1]!, 16), host).toBe(may)
    for (const line of seen!.filter(one => one.startsWith('NoNewPrivs'))) expect(line, host).toMatch(/1$/)
    const [{HostConfig}] = JSON.parse(await docker('inspect', `pgha-lab-${name}-${host}`))
    expect(HostConfig, host).toMatchObject({
      ...{Memory: Number(service.mem_limit), PidsLimit: service.pids_limit, Privileged: false, Binds: null},
      LogConfig: {Type: 'json-file', Config: service.logging.options},
    })
  }
})

describe('on a host', () => {
  test.each([
    '/etc/patroni/patroni.yml',
    '/etc/patroni/post-bootstrap.sql',
    '/run/pgha-lab/patroni/patroni.yml',
    '/run/pgha-lab/post-bootstrap.sql',
    '/data/postgresql/pgpass',
  ])('%s is there, and neither nobody nor etcd can read it', async file => {
    expect(await on('node1', `[ -s ${file} ] && echo there`)).toBe('there')
    for (const user of ['nobody', 'etcd', 'haproxy'])
      expect(await on('node1', `s6-setuidgid ${user} cat ${file} 2>&1 || true`)).toMatch(/Permission denied/)
  })

  test('no password stands in what the engine says of it', async () => {
    const {passwords} = openLab(new Docker(), name).allocation
    for (const host of ['node1', 'proxy1', 'app1', 'observer']) {
      const said = await docker('inspect', `pgha-lab-${name}-${host}`)
      for (const password of Object.values(passwords)) expect(said).not.toContain(password)
    }
  })
})

test('a thousand connections are held, a clock is set and a CPU is taken within the bounds', async () => {
  const file = join(folder, 'full.yaml')
  writeFileSync(
    file,
    `about: Faults take hold within the bounds of a host.
clients: [{writers: 1, rate: 10/s, through: primary}]
steps:
  - {inject: overload, on: leader, connections: 1000, cpus: 1.5, as: load}
  - hold: 1s
  - heal: load
  - {inject: skew-clock, on: replica, by: +60s, as: clock}
expect: [no-lost-writes]
`,
  )
  const {err} = await expectExit(0, ['chaos', file, ...lab, '--out', join(folder, 'out')])
  expect(err).toMatch(/1000 of 1000 connections to PostgreSQL on \S+ are held/)
  expect(err).toMatch(/the kernel gives \S+ 1\.5 CPUs/)
  expect(err).toMatch(/clock took hold/)
})

test('a program finds its password in files, its own user and whom it becomes, and the engine tells it nobody', async () => {
  const {allocation, docker: engine} = openLab(new Docker(), name)
  const tag = 'pgha-lab-test/other-user:compose'
  await execa('docker', ['build', '-q', '-t', tag, '-'], {
    input: `FROM ${allocation.images.app}\nRUN useradd -u 4321 somebody\nUSER somebody\nENTRYPOINT []\n`,
  })
  try {
    const {id} = await engine.startProgram(name, {
      ...{name: 'other', image: tag, command: ['sh', '-c', 'stat -c "%u %a" /pgha-lab/*; cat /pgha-lab/*']},
      environment: {PGPASSFILE: '/pgha-lab/pgpass'},
      secrets: [
        {path: '/pgha-lab/pgpass', text: 'h:1:*:app:secret-one\n', mode: 0o600},
        {path: '/pgha-lab/password', text: 'secret-two\n', mode: 0o444},
      ],
      address: allocation.subnet.replace(/\.0\/24$/, '.250'),
    })
    expect(await engine.untilEnded(id)).toBe(0)
    expect(await docker('logs', id)).toBe('4321 444\n4321 600\nsecret-two\nh:1:*:app:secret-one')
    const said = await docker('inspect', id)
    expect(said).not.toMatch(/secret-(one|two)/)
  } finally {
    await engine.removeProgram(name, 'other')
    await execa('docker', ['rmi', '-f', tag])
  }
})

test('nothing is started of a lab whose compose file was changed, not even a host that is only down', async () => {
  const file = composeFileOf(name)
  const written = readFileSync(file)
  await docker('stop', '-t', '1', `pgha-lab-${name}-app1`)
  try {
    appendFileSync(file, '# hi\n')
    expect((await expectExit(2, ['up', ...lab])).err).toContain('nothing was started')
    expect(await docker('inspect', '-f', '{{.State.Running}}', `pgha-lab-${name}-app1`)).toBe('false')
  } finally {
    writeFileSync(file, written)
    await expectExit(0, ['up', ...lab])
  }
})
