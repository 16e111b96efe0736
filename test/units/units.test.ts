/** Whoever adds a unit and forgets one of the places of docs/how/add-a-unit.md is told which: nothing is registered and shown nowhere. */
import {globSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {checks} from '../../lab/checks/index.ts'
import {faults} from '../../lab/faults/index.ts'
import {noop} from '../../lab/faults/noop.ts'
import {signOf} from '../../lab/healing/broken.ts'
import type {Mend} from '../../lab/history/event.ts'
import {eventSchemas} from '../../lab/history/event-schema.ts'
import {probes} from '../../lab/probes/index.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
import {cases} from '../lab/checks/plants.ts'
import {foundInRuins, recorded, samples, signsOfHosts, unshown} from './samples.ts'
import {
  drawnOf,
  type Pages,
  shownKinds,
  unlisted,
  walkCheck,
  walkEvent,
  walkFault,
  walkMend,
  walkScenario,
} from './walk.ts'

const root = join(import.meta.dirname, '..', '..')
const page = (name: string) => readFileSync(join(root, 'docs', `${name}.md`), 'utf8')
const pages: Pages = {
  faults: page('reference/faults'),
  verdicts: page('reference/verdicts'),
  scenarios: page('reference/scenarios'),
}
const drawn = drawnOf([
  loadTopology({profile: 'fast'}),
  loadTopology({profile: 'fast', set: ['patroni.synchronous_mode=on']}),
])
const scenarios = globSync('scenarios/*.yaml', {cwd: root}).map(file => basename(file, '.yaml'))
const played = new Set(
  recorded.flatMap(([first]) =>
    first?.kind === 'run-started' ? [String((first.scenario as {name?: unknown}).name)] : [],
  ),
)
const events = [...recorded, samples]
const known = {samples: new Set(events.flat().map(one => one.kind as string)), shown: shownKinds(events)}
const mends = eventSchemas['fault-mending'].shape.mend.options.map(one => one.shape.do.value)

async function modulesOf(room: string): Promise<ReadonlyMap<string, object>> {
  const files = globSync(`lab/${room}/*.ts`, {cwd: root}).filter(file => basename(file) !== 'index.ts')
  return new Map(
    await Promise.all(files.map(async file => [file, (await import(join(root, file))) as object] as const)),
  )
}

describe('no unit is forgotten', () => {
  test.each([
    ['faults', ['about', 'params', 'inject'], Object.values(faults)],
    ['checks', ['about', 'params', 'judge'], Object.values(checks)],
    ['probes', ['name', 'run'], [...probes]],
  ] as const)('in the index of %s', async (room, has, listed) => {
    const modules = await modulesOf(room)
    expect(modules.size).toBeGreaterThan(8)
    expect(unlisted(modules, has, listed)).toEqual([])
  })

  test('a fault: its section, and storms', () =>
    expect(Object.entries(faults).flatMap(([name, fault]) => walkFault(name, fault, pages, drawn))).toEqual([]))

  test('a check: its row, and a violation that it must find', () =>
    expect(Object.keys(checks).flatMap(name => walkCheck(name, pages, cases))).toEqual([]))

  test('a scenario: its section, and a recorded run', () =>
    expect(scenarios.flatMap(name => walkScenario(name, pages, played))).toEqual([]))

  test('a kind of event: somewhere it is shown, or a reason why not', () =>
    expect(Object.keys(eventSchemas).flatMap(kind => walkEvent(kind, known, unshown))).toEqual([]))

  test('a mend: it is found without the journal', async () => {
    const found = await foundInRuins()
    expect(mends.flatMap(mend => walkMend(mend, found))).toEqual([])
  })

  test('a sign that a host prints: it is known by its name', () => {
    expect(signsOfHosts().length).toBeGreaterThan(5)
    expect(signsOfHosts().filter(sign => signOf('node1', sign).mends.length === 0)).toEqual([])
  })
})

describe('a unit that only exists is told every place that does not know it', () => {
  const {neverDrawn: _, storm: __, ...stranger} = noop

  test('a fault', () => {
    expect(walkFault('stranger', stranger, pages, drawn)).toEqual([
      'the fault stranger has no section in docs/reference/faults.md',
      'the fault stranger is neither drawn by a storm (its `storm`) nor says why not (`neverDrawn`)',
    ])
    expect(walkFault('stranger', {...stranger, neverDrawn: 'shy'}, pages, new Set(['stranger']))).toEqual(
      expect.arrayContaining([
        'the fault stranger says why no storm draws it, and one does',
        'the fault stranger does not have its `neverDrawn` after `**Storms** never draw it:` in its section',
      ]),
    )
    expect(walkFault('noop', stranger, pages, new Set(['noop']))).toEqual([
      'the fault noop is never drawn according to its section',
    ])
  })

  test('a fault or a probe that no index lists', () => {
    const modules = new Map([['lab/faults/stranger.ts', {stranger, helper: () => {}}]])
    expect(unlisted(modules, ['about', 'params', 'inject'], Object.values(faults))).toEqual([
      'lab/faults/stranger.ts: its unit is not in the index of its room',
    ])
  })

  test('a check', () =>
    expect(walkCheck('stranger', pages, cases)).toEqual([
      'the check stranger has no row in docs/reference/verdicts.md',
      'the check stranger has no violation planted in test/lab/checks/plants.ts',
    ]))

  test('a scenario', () =>
    expect(walkScenario('stranger', pages, played)).toEqual([
      'the scenario stranger has no section in docs/reference/scenarios.md',
      'the scenario stranger has no recorded run in test/histories',
    ]))

  test('a kind of event', () => {
    expect(walkEvent('stranger', known, unshown)).toEqual([
      'the event stranger is in no recorded run and in no sample of test/units/samples.ts',
      'the event stranger is shown nowhere, and `unshown` in test/units/samples.ts has no reason for that',
    ])
    expect(walkEvent('note', known, {note: 'a whim'})).toEqual([
      'the event note is shown, though `unshown` in test/units/samples.ts says why not',
    ])
  })

  test('a mend, and a sign', async () => {
    expect(walkMend('stranger' as Mend['do'], await foundInRuins())).toEqual([
      'the mend stranger is not found by lab/healing/broken.ts in a lab in which everything is broken',
    ])
    expect(signOf('node1', 'stranger')).toEqual({mends: [], unknown: [expect.stringContaining('stranger')]})
  })
})
