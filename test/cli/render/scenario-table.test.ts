import {execaSync} from 'execa'
import {describe, expect, test} from 'vitest'
import {folded, scenarioTable} from '../../../cli/render/scenario-table.ts'
import {listed, type Standing} from '../../../cli/suite/here.ts'
import {suites} from '../../../lab/scenario/index.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {onLab} from '../../../lab/words/next-step.ts'

const called = {program: './pgha-lab', lab: 'lab'}
const longName = 'a-lab-with-a-name-of-31-letters'

interface Asked {
  readonly set?: readonly string[]
  readonly tried?: Standing['tried']
  readonly lab?: string
  readonly width?: number
  readonly learned?: ReadonlyMap<string, number>
  readonly ascii?: boolean
}

function table({
  set = [],
  tried = 'no Docker engine answers',
  lab,
  width = 80,
  learned = new Map(),
  ascii = false,
}: Asked = {}): string {
  const topology = loadTopology({set})
  const groups = new Map(
    [...suites()].map(([suite, all]) => [suite, all.map(it => listed(it, {topology, tried, learned}))]),
  )
  const up = onLab(lab ?? 'lab', 'up', ...set.flatMap(each => ['--set', each]))
  return scenarioTable({groups, lab, up, profile: 'default'}, {color: false, width, ascii}, called)
}

const widest = (text: string) => Math.max(...text.split('\n').map(line => line.length))

describe('on a terminal of 80 columns no line is longer', () => {
  test.each([
    ['on the default lab without an engine', {}],
    ['on a lab of a long name', {lab: longName}],
    ['where the reason is a long one', {tried: `the engine said ${'that it would rather not, '.repeat(9)}`}],
    ['on a lab without what many scenarios need', {set: ['hosts.node3=patroni', 'hosts.node2=patroni']}],
  ])('%s', (_, asked) => expect(widest(table(asked))).toBeLessThanOrEqual(80))
})

test('every scenario stands under its suite with what it takes, whether it can be played here, what it needs, and a line about it', () => {
  const lines = table().split('\n')
  expect(lines[0]).toBe('What can be played on a lab of these settings (profile default):')
  const at = lines.indexOf('  kill-leader                 ~56 s  yes')
  expect(lines[at + 1]).toBe("    The leader's host loses power under load.")
  expect(lines.slice(0, at).findLast(line => /^[a-z]/.test(line))).toBe('failover')
  expect(lines).toContain('  leader-isolated             ~56 s  ?     failsafe_mode: off, nftables')
  for (const {name} of [...suites().values()].flat())
    expect(lines.filter(line => line.startsWith(`  ${name} `))).toHaveLength(1)
})

test('a wider terminal shows the whole sentence, a narrower one cuts it behind a word and shows that it did', () => {
  const says =
    "    Both replicas have received much less WAL than maximum_lag_on_failover allows, and the leader's host dies.\n"
  expect(table({width: 120})).toContain(says)
  expect(table()).toContain('    Both replicas have received much less WAL than maximum_lag_on_failover…\n')
  expect(table({ascii: true})).toContain('than maximum_lag_on_failover...\n')
})

test('what was played here shows its own time, and the legend explains only what is there', () => {
  const text = table({learned: new Map([['switchover', 13.4]])})
  expect(text).toContain('  switchover                   13 s  yes')
  expect(text).toContain('Without ~ it is how long the last run here took.')
  expect(table()).not.toContain('Without ~')
})

test('what cannot be played says why, and what to type, which a shell reads as one command', () => {
  const text = table()
  expect(text).toContain('      not here: only a new lab can have patroni.watchdog=required\n')
  const at = text.indexOf('      ./pgha-lab up --profile default --set patroni.watchdog=required')
  const pasted = text.slice(at, text.indexOf('\n\n', at)).replaceAll('./pgha-lab', 'printf "%s|"')
  expect(execaSync('sh', ['-c', pasted]).stdout).toBe(
    'up|--profile|default|--set|patroni.watchdog=required|--name|watchdog-resets|chaos|watchdog-resets|--name|watchdog-resets|',
  )
})

test('a command that fits stays on its line, an option with its value; a word that does not fit has a line of its own', () => {
  expect(folded(['a', 'b', 'c'], 20, '  ')).toEqual(['  a b c'])
  expect(folded(['up', '--set', 'a=b', '--set', 'c=d'], 20, '  ')).toEqual(['  up --set a=b \\', '    --set c=d'])
  expect(folded(['abc', 'x'.repeat(30), 'd'], 20, '  ')).toEqual(['  abc \\', `    ${'x'.repeat(30)} \\`, '    d'])
})

test('the last lines say how to play one, on this lab, by the name of one that can be played', () => {
  const [, played, shown] =
    /\n {2}\.\/pgha-lab chaos (\S+) --name second {2}# plays one\n {2}\.\/pgha-lab scenarios show (\S+) .*\n$/.exec(
      table({lab: 'second'}),
    ) ?? []
  expect([...suites().values()].flat().map(one => one.name)).toContain(played)
  expect(shown).toBe(played)
  expect(table()).toMatch(/\n {2}\.\/pgha-lab up {2}# raises the lab\n {2}\.\/pgha-lab chaos \S+ {2}# plays one\n/)
})
