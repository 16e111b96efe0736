/** What Patroni takes of the settings in the DCS, each tried with its own Config of 4.0.7. */
import {describe, expect, test} from 'vitest'
import {asTopology} from '../../../lab/lint/as-topology.ts'
import {filesOf, readConfiguration} from '../../../lab/lint/read/read.ts'
import {changed, found, type Texts} from './cluster.ts'

const withDcs = (lines: string): Texts => changed(['n*.yml', /^ {4}ttl: [\s\S]*?(?=^postgresql:)/m, lines])
const told = (texts: Texts, id: string) => found(texts).filter(({rule}) => rule.id === id)
const notTaken = (texts: Texts) => told(texts, 'patroni/settings-not-taken').map(({says}) => says)

describe('none of them is taken', () => {
  test.each([
    ['ttl: 30s', 'ttl 30s is no whole number'],
    ['ttl: ~', 'ttl has no value'],
    ['loop_wait:', 'loop_wait has no value'],
    ['retry_timeout: abc', 'retry_timeout abc is no whole number'],
    ['retry_timeout: 1e1', 'retry_timeout 1e1 is no whole number'],
    ['ttl: [30]', 'ttl is no whole number'],
    ['postgresql: [a]', 'postgresql is no mapping'],
    ['postgresql: {parameters: [a]}', 'postgresql.parameters is no mapping'],
    ['standby_cluster: yes', 'standby_cluster is no mapping'],
  ])('with %s', (line, says) => {
    const texts = withDcs(`    ${line}\n    synchronous_mode: true\n`)
    expect(notTaken(texts)).toEqual(['n1', 'n2', 'n3'].map(() => expect.stringContaining(says)))
    expect(told(texts, 'patroni/settings-not-taken')[0]?.place.line).toBe(11)
  })
  test('with a list or a text for all of them, and Patroni ends', () => {
    for (const all of ['    - ttl: 30\n    - loop_wait: 10\n', '    text\n'])
      expect(notTaken(withDcs(all))[0]).toMatch(/bootstrap\.dcs is no mapping: Patroni ends/)
  })
  test('also of what a cluster runs with', () => {
    const {...texts} = {...changed(), 'show.yml': 'ttl: 30s\nloop_wait: 10\n'}
    expect(notTaken(texts)[0]).toContain('ttl 30s is no whole number')
  })
})

test.each(['postgresql:', 'postgresql: {parameters: }', 'standby_cluster: no', 'ttl: 30.9', 'ttl: "30"', 'ttl: "3_0"'])(
  'they are taken with %s',
  line => expect(notTaken(withDcs(`    ${line}\n`))).toEqual([]),
)

test('nothing is said to be raised where none is taken', () => {
  expect(told(withDcs('    ttl: -30\n    retry_timeout: abc\n'), 'patroni/timing-below-minimum')).toEqual([])
})

test('a boolean is 1 to Python', () => {
  const [first] = told(withDcs('    ttl: yes\n'), 'patroni/timing-below-minimum')
  expect(first?.says).toBe('ttl 1 is less than Patroni accepts: it uses 20')
})

test.each([
  [
    '    ttl: -30\n    loop_wait: 0\n    retry_timeout: abc\n',
    'n1.yml:13:20: retry_timeout abc is no whole number of seconds',
  ],
  ['    ttl: ~\n', 'n1.yml:11:10: ttl has no value, where a whole number of seconds is expected'],
])('who asks for the times is told which of them is none, and where', (lines, says) => {
  const files = filesOf(Object.entries(withDcs(lines)).map(([file, text]) => readConfiguration(file, text)))
  expect(() => asTopology(files)).toThrow(says)
})

test('fewer standbys than synchronous_node_count are no standstill: Patroni asks for as many as there are', () => {
  const [first] = told(
    changed(['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on\n    synchronous_node_count: 3']),
    'patroni/synchronous-nodes',
  )
  expect(first?.rule.severity).toBe('advice')
})
