/** A storm on a whole lab, and one on a lab in which synchronous mode was switched off by hand, which must shrink. */
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, expect, test} from 'vitest'
import type {Report} from '../../../lab/judge/report.ts'
import {parseScenario} from '../../../lab/scenario/index.ts'
import type {ShrinkResult} from '../../../lab/storm/shrink-run.ts'
import {expectExit} from '../cli.ts'

const out = mkdtempSync(join(tmpdir(), 'pgha-lab-storm-'))
afterAll(() => rmSync(out, {recursive: true, force: true}))

test('a storm on a whole lab breaks no promise, keeps its plan, and that plan can be played', async () => {
  const lab = ['--name', 'long-storm']
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast'])
  try {
    const folder = join(out, 'storm')
    const {out: json, err} = await expectExit(0, [
      'chaos',
      '--storm',
      '60s',
      '--seed',
      '7',
      ...lab,
      '--out',
      folder,
      '--json',
    ])
    expect(err).toMatch(/^storm: seed 7;/)
    const {storm, ...report} = JSON.parse(json) as Report & {
      storm: {plan: string; seed: number; faults: {drawn: number; held: number}[]}
    }
    expect(report.findings.map(one => [one.check, one.verdict])).toEqual(
      report.findings.map(one => [one.check, 'pass']),
    )
    expect(storm).toMatchObject({seed: 7, plan: join(folder, 'plan.yaml')})
    for (const {drawn, held} of storm.faults) expect(held).toBe(drawn)
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['plan.yaml', 'report.html', 'events.ndjson']))
    await expectExit(0, ['chaos', storm.plan, ...lab, '--out', join(out, 'again')])
  } finally {
    await expectExit(0, ['down', ...lab])
  }
})

/** The one thing that is lost, and how, between faults that lose nothing. */
const plan = `about: A plan as a storm draws it, two of whose faults together lose what was acknowledged without a standby.
needs: { postgres: 3, etcd: 3, patroni: { synchronous_mode: on } }
clients:
  - writers: 8
    rate: 80/s
    through: primary
steps:
  - inject: kill
    what: etcd
    stays-down: true
    on: etcd-follower
    as: kill-1
  - hold: 1s
  - heal: kill-1
  - until: recovered
    within: 30s
  - inject: partition
    from: replicas
    services: [replication]
    on: leader
    as: partition-2
  - hold: 2s
  - inject: kill
    what: host
    on: leader
    as: kill-3
  - hold: 26s
  - heal: kill-3
  - heal: partition-2
expect:
  - timeline-monotone
  - no-lost-writes
`

test('a plan whose needs say synchronous shrinks to the two faults that lose writes, where somebody switched it off', async () => {
  const lab = ['--name', 'long-shrink']
  const file = join(out, 'sabotaged.yaml')
  writeFileSync(file, plan)
  await expectExit(0, ['down', ...lab])
  await expectExit(0, ['up', ...lab, '--profile', 'fast', '--set', 'patroni.synchronous_mode=on'])
  try {
    const patch = `import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8008/config', method='PATCH', data=b'{"synchronous_mode": false}', headers={'Content-Type': 'application/json'}))`
    await expectExit(0, ['shell', ...lab, 'node1', '--', 'python3', '-c', patch])
    const folder = join(out, 'shrink')
    const {out: json, err} = await expectExit(1, ['chaos', '--shrink', file, ...lab, '--out', folder, '--json'])
    const {shrink} = JSON.parse(json) as {shrink: ShrinkResult}
    expect(err).toMatch(/shrink again: the plan as it is \(10 steps, 3 faults\): still fails/)
    expect(shrink).toMatchObject({
      check: 'no-lost-writes',
      smallest: join(folder, 'smallest.yaml'),
      faults: [3, 2],
      minimal: true,
    })
    const smallest = parseScenario('smallest.yaml', readFileSync(join(folder, 'smallest.yaml'), 'utf8'))
    expect(smallest.about).toContain('`no-lost-writes` still fails')
    expect(smallest.steps.flatMap(step => (step.do === 'inject' ? [step.as] : []))).toEqual(['partition-2', 'kill-3'])
    await expectExit(1, ['chaos', join(folder, 'smallest.yaml'), ...lab, '--out', join(out, 'smallest')])
  } finally {
    await expectExit(0, ['down', ...lab])
  }
})
