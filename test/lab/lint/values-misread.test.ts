/** Values that Patroni takes otherwise than they are written, each read in its sources of 4.0.7, and what the lab makes of them. */
import {describe, expect, test} from 'vitest'
import {importFrom} from '../../../lab/import/import.ts'
import {asTopology} from '../../../lab/lint/as-topology.ts'
import {filesOf, readConfiguration} from '../../../lab/lint/read/read.ts'
import {changed, found, type Texts} from './cluster.ts'

const id = 'patroni/value-misread'
const told = (texts: Texts) => found(texts).filter(({rule}) => rule.id === id)
const ids = (texts: Texts) => found(texts).map(({rule}) => rule.id)
const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))
const assumedOf = (texts: Texts) =>
  asTopology(filesOf(Object.entries(texts).map(([file, text]) => readConfiguration(file, text)))).assumed
const withDcs = (line: string): Texts => changed(['n*.yml', '    synchronous_mode: false\n', `    ${line}\n`])
const withTag = (tag: string): Texts => changed(['n*.yml', 'nofailover: false', tag])
const withMode = (mode: string): Texts => changed(['n*.yml', 'mode: required', `mode: ${mode}`])

describe('a switch that is neither on nor off is off (global_config.py: check_mode)', () => {
  test.each([
    'synchronous_mode: strict',
    'failsafe_mode: enabled',
    'check_timeline: always',
    'pause: maybe',
    'synchronous_mode_strict: 2',
  ])('%s', line => {
    const [first] = told(withDcs(line))
    expect([first?.rule.severity, first?.place.line]).toEqual(['error', 15])
    expect(first?.says).toContain('takes it as off')
  })
  test.each(['synchronous_mode: Quorum', 'synchronous_mode: "ON"', 'failsafe_mode: 1', 'failsafe_mode: ~'])(
    'not %s',
    line => expect(told(withDcs(line))).toEqual([]),
  )
})

describe('a number that is none is the default (global_config.py: get_int)', () => {
  test.each([
    ['maximum_lag_on_failover: 10MB', 'takes it as 1048576'],
    ['primary_start_timeout: 30s', 'takes it as 300'],
    ['synchronous_node_count: two', 'takes it as 1'],
    ['member_slots_ttl: 30 minutes', 'takes it as 1800'],
    ['maximum_lag_on_failover: yes', 'takes it as 1048576'],
  ])('%s', (line, says) => {
    const texts = line.startsWith('maximum')
      ? changed(['n*.yml', 'maximum_lag_on_failover: 1048576', line])
      : withDcs(line)
    expect(told(texts)[0]?.says).toContain(says)
  })
  test.each(['member_slots_ttl: 30min', 'primary_start_timeout: "0x10"', 'primary_start_timeout: 1e2'])(
    'not %s',
    line => expect(told(withDcs(line))).toEqual([]),
  )
  test('and the lab has what Patroni takes', () => {
    const lagOf = (lag: string) =>
      of(changed(['n*.yml', 'maximum_lag_on_failover: 1048576', `maximum_lag_on_failover: ${lag}`])).topology.patroni
        .maximumLagOnFailoverBytes
    expect([lagOf('10MB'), lagOf('"2097152"'), lagOf('0x200000')]).toEqual([1_048_576, 2_097_152, 2_097_152])
  })
})

describe('a tag that is a text is on, whatever the text (tags.py: bool)', () => {
  test.each(['nofailover', 'nosync', 'noloadbalance', 'clonefrom'])('%s: "false"', tag => {
    expect(told(withTag(`${tag}: "false"`))[0]?.says).toContain('takes it as true')
    expect(told(withTag(`${tag}: "true"`))).toEqual([])
    expect(told(withTag(`${tag}: no`))).toEqual([])
  })
  test('but for nostream, which Patroni parses', () => {
    expect(told(withTag('nostream: "false"'))).toEqual([])
    expect(told(withTag('nostream: never'))[0]?.says).toContain('takes it as off')
  })
  test('so nobody may lead, and the lab cannot be made', () => {
    expect(ids(withTag('nofailover: "no"'))).toContain('patroni/nobody-may-lead')
    expect(() => of(withTag('nofailover: "no"'))).toThrow(/nobody could ever lead/)
  })
  test('and the lab has the tag', () => {
    const {topology} = of(changed(['n3.yml', 'nofailover: false', 'nofailover: "no"\n  nosync: "false"']))
    expect(topology.tags).toEqual({node3: {nofailover: true, nosync: true}})
  })
  test('one without a value is none: its priority counts', () => {
    const texts = changed(['n3.yml', 'nofailover: false', 'nofailover:\n  failover_priority: 0'])
    expect(ids(texts)).not.toContain('patroni/contradicting-tags')
    expect(of(texts).topology.tags).toEqual({node3: {failover_priority: 0}})
  })
})

test('so is use_pg_rewind (rewind.py: bool)', () => {
  const texts = changed(['n*.yml', 'use_pg_rewind: true', 'use_pg_rewind: "off"'])
  expect(told(texts)[0]?.says).toContain('takes it as true')
  expect(ids(texts)).not.toContain('patroni/no-rewind')
  expect(of(texts).topology.dynamic?.use_pg_rewind).toBe(true)
})

describe('the mode of the watchdog (watchdog/base.py: parse_mode)', () => {
  test.each(['requird', 'on', '~'])('%s is off', mode => {
    expect(told(withMode(mode))[0]?.says).toContain('takes it as off')
    expect(of(withMode(mode)).topology.patroni.watchdog).toBe('off')
  })
  test('require is required', () => {
    expect(told(withMode('Require'))).toEqual([])
    expect(of(withMode('Require')).topology.patroni.watchdog).toBe('required')
    const short = changed(['n*.yml', 'mode: required', 'mode: require\n  safety_margin: 21'])
    expect(ids(short)).toContain('patroni/watchdog-too-short')
  })
  test.each(['disabled', 'disable', 'off'])('%s is off, and told as that', mode => {
    expect(told(withMode(mode))).toEqual([])
    expect(ids(withMode(mode))).toContain('patroni/watchdog-off')
  })
})

test('who asks for a lab or for the times is told what is taken, and never the value', () => {
  const texts = withDcs('synchronous_mode: finchglade')
  for (const said of [of(texts).assumed, assumedOf(texts)]) {
    const all = said.join('\n')
    expect(all).toContain('n1.yml:15:23 and 2 more: synchronous_mode has a value that Patroni takes as off')
    expect(all).not.toContain('finchglade')
  }
})
