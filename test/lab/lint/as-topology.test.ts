/** What a running cluster's files say of a failover, and what is said of what they do not tell. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {predict} from '../../../lab/budget/prediction.ts'
import {asTopology} from '../../../lab/lint/as-topology.ts'
import {entryDoubts} from '../../../lab/lint/entry-doubts.ts'
import {filesOf, readConfiguration, readFiles} from '../../../lab/lint/read/read.ts'
import {hostsWith} from '../../../lab/topology/topology.ts'
import {topologyFrom} from '../../../lab/topology/topology-file.ts'
import {changed, right, type Texts} from './cluster.ts'

const cases = join(import.meta.dirname, '..', '..', 'cases', 'configs')

interface Expected {
  readonly predict_host_lost: {
    readonly used: readonly number[]
    readonly least: number
    readonly most_hand: number
    readonly most_accept: number
  } | null
}

const sets = globSync('*/expect.json', {cwd: cases}).flatMap(file => {
  const {predict_host_lost: right} = JSON.parse(readFileSync(join(cases, file), 'utf8')) as Expected
  return right === null || right === undefined ? [] : [{name: file.replace('/expect.json', ''), right}]
})

test('some sets have an answer', () => expect(sets.length).toBeGreaterThan(2))

test.each(sets)(
  '$name: the time without writes after a lost host is the one that was found by hand',
  ({name, right}) => {
    const files = globSync(`${name}/*.{yml,cfg,env}`, {cwd: cases}).map(file => ({file: join(cases, file)}))
    const {written} = asTopology(readFiles(files))
    const prediction = predict(topologyFrom(written), ['kill-host'])
    const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = prediction.effective
    expect([ttlSeconds, loopWaitSeconds, retryTimeoutSeconds]).toEqual(right.used)
    const [min, max] = prediction.faults[0]!.outage!.length.bounds
    expect(min / 1e6).toBeCloseTo(right.least, 1)
    expect(max / 1e6).toBeGreaterThanOrEqual(right.most_hand)
    expect(max / 1e6).toBeLessThanOrEqual(right.most_accept)
  },
)

const patroni = (more = '') => `scope: db
name: a
restapi: {connect_address: 10.0.0.1:8008}
postgresql: {connect_address: 10.0.0.1:5432}
etcd3: {hosts: [10.0.1.1:2379, 10.0.1.2:2379]}
bootstrap: {dcs: {ttl: 45, loop_wait: 5, retry_timeout: 10}}
${more}`
const haproxy = `defaults
  mode tcp
  timeout connect 4s
  timeout client 30m
  timeout server 30m
listen write
  bind *:5000
  option httpchk OPTIONS /primary
  default-server inter 2s fall 4 rise 3 on-marked-down shutdown-sessions
  server a 10.0.0.1:5432 check port 8008
  server b 10.0.0.2:5432 check port 8008
`
const read = (texts: Readonly<Record<string, string>>) =>
  asTopology(filesOf(Object.entries(texts).map(([file, text]) => readConfiguration(file, text))))

describe('the cluster is never made healthier than it is:', () => {
  const {written, assumed} = read({'patroni.yml': patroni('watchdog: {mode: off}\n'), 'haproxy.cfg': haproxy})
  const topology = topologyFrom(written)

  test('two members of etcd stay two, on hosts of their own, and members are those that the proxy leads to', () => {
    expect(topology.hosts).toEqual([
      {name: 'node1', services: ['patroni']},
      {name: 'node2', services: ['patroni']},
      {name: 'etcd1', services: ['etcd']},
      {name: 'etcd2', services: ['etcd']},
      {name: 'proxy1', services: ['haproxy']},
      {name: 'app1', services: ['client']},
    ])
  })

  test('every time is the one that is written, and a pool may be idle for ever where no limit is said', () => {
    expect(topology.patroni).toMatchObject({
      ttlSeconds: 45,
      loopWaitSeconds: 5,
      retryTimeoutSeconds: 10,
      watchdog: 'off',
    })
    expect(topology.haproxy).toMatchObject({
      interMs: 2000,
      fastinterMs: 2000,
      fall: 4,
      rise: 3,
      onMarkedDown: 'shutdown-sessions',
    })
  })

  test('that bootstrap.dcs may not be the truth is said, and nothing else where all is told', () => {
    expect(assumed).toEqual([expect.stringMatching(/^patroni\.yml: bootstrap\.dcs is read once, .*show-config/)])
  })
})

test('what show-config tells counts before bootstrap.dcs', () => {
  const {written, assumed} = read({
    'patroni.yml': patroni('watchdog: {mode: off}\n'),
    'haproxy.cfg': haproxy,
    'now.yml': 'ttl: 60\nloop_wait: 5\nretry_timeout: 10\nfailsafe_mode: true\n',
  })
  expect(written.patroni).toMatchObject({ttl: 60, failsafe_mode: 'on'})
  expect(assumed).toEqual([])
})

test('what nobody told is said, and what stands for it', () => {
  const {written, assumed} = read({'patroni.yml': patroni().replace(/^etcd3.*$/m, 'etcd3: {host: "127.0.0.1:2379"}')})
  expect(assumed.join(' ')).toMatch(/watchdog is not spoken of.*beside each Patroni.*Only one member.*No haproxy\.cfg/s)
  expect(hostsWith(topologyFrom(written), 'etcd')).toEqual(['node1'])
})

test('a host that a proxy knows by its address and etcd by its name is one', () => {
  const {written} = read({
    'patroni.yml': patroni().replace('10.0.1.1:2379, 10.0.1.2:2379', 'a:2379, b:2379, witness:2379'),
    'haproxy.cfg': haproxy,
  })
  expect(Object.entries(written.hosts ?? {}).slice(0, 3)).toEqual([
    ['node1', ['etcd', 'patroni']],
    ['node2', ['etcd', 'patroni']],
    ['etcd1', ['etcd']],
  ])
})

test('how soon a standby asks for WAL again is a part of what is predicted', () => {
  const {written} = read({
    'patroni.yml': patroni().replace(
      'retry_timeout: 10}',
      'retry_timeout: 10, postgresql: {parameters: {wal_retrieve_retry_interval: 1s}}}',
    ),
  })
  expect(written.postgresql?.parameters).toEqual({wal_retrieve_retry_interval: '1s'})
})

test('an entry that asks nobody who leads is said to lead anywhere', () => {
  const {assumed} = read({'patroni.yml': patroni(), 'haproxy.cfg': haproxy.replace(/ {2}option httpchk.*\n/, '')})
  expect(assumed.join(' ')).toContain('no entry asks who leads')
})

describe('times of an entry that lets nobody in are said to be as if clients could write:', () => {
  const says = /^haproxy\.cfg:\d+:\d+: no client ever comes through to a server, .*as if clients could \(/
  test.each([
    ['a check in TLS of a REST API without', patroni(), haproxy.replaceAll('check port', 'check-ssl check port')],
    [
      'a check without TLS of a REST API with',
      patroni().replace('connect_address: 10.0.0.1:8008', 'connect_address: 10.0.0.1:8008, certfile: /a.crt'),
      haproxy,
    ],
    ['every server disabled', patroni(), haproxy.replace('inter 2s', 'disabled inter 2s')],
    ['every server without weight', patroni(), haproxy.replace('inter 2s', 'weight 0 inter 2s')],
    ['a question that Patroni never answers well', patroni(), haproxy.replace('/primary', '/prymary')],
    [
      'every client rejected',
      patroni(),
      haproxy.replace('bind *:5000', 'bind *:5000\n  tcp-request connection reject'),
    ],
  ])('%s', (_, member, proxy) => {
    const second = member.replaceAll('10.0.0.1:', '10.0.0.2:').replace('name: a', 'name: b')
    const {assumed} = read({'a.yml': member, 'b.yml': second, 'haproxy.cfg': proxy})
    expect(assumed).toContainEqual(expect.stringMatching(says))
  })

  test.each([
    ['a server that is disabled and enabled again', haproxy.replace('port 8008\n', 'port 8008 disabled enabled\n')],
    ['one of two disabled', haproxy.replace('port 8008\n', 'port 8008 disabled\n')],
    [
      'some clients rejected',
      haproxy.replace('bind *:5000', 'bind *:5000\n  tcp-request connection reject if { src 10.9.0.0/16 }'),
    ],
  ])('and not with %s', (_, proxy) => {
    const {assumed} = read({'patroni.yml': patroni(), 'haproxy.cfg': proxy})
    expect(assumed.join(' ')).not.toContain('no client ever')
  })
})

test('an entry that chooses who is not the primary is said to lead anywhere', () => {
  const turned = haproxy.replace('/primary\n', '/primary\n  http-check expect status 503\n')
  expect(read({'patroni.yml': patroni(), 'haproxy.cfg': turned}).assumed.join(' ')).toContain('no entry asks who leads')
})

test('a server that is not asked whether it leads is said, and that nobody is where none is asked', () => {
  const one = read({'patroni.yml': patroni(), 'haproxy.cfg': haproxy.replace(/(server b .*) check port 8008/, '$1')})
  expect(one.assumed).toContainEqual(expect.stringMatching(/^haproxy\.cfg:11:3: this server is not asked/))
  const none = read({'patroni.yml': patroni(), 'haproxy.cfg': haproxy.replaceAll(' check port 8008', '')})
  expect(none.assumed.join(' ')).toContain('no entry asks who leads')
})

test('whose times are taken is said where a server of the entry has others', () => {
  const {assumed} = read({'patroni.yml': patroni(), 'haproxy.cfg': haproxy.replace(/(server b .*)/, '$1 inter 60s')})
  expect(assumed).toContainEqual(
    'haproxy.cfg:11:3: its check has other times than haproxy.cfg:10:3, and these times are of that one.',
  )
})

test('two members with another bootstrap.dcs: whose is taken is said', () => {
  const {assumed} = read({'a.yml': patroni(), 'b.yml': patroni().replace('name: a', 'name: b').replace('45', '90')})
  expect(assumed[0]).toMatch(/^b\.yml:6:18: bootstrap\.dcs is not that of a\.yml, which is taken here/)
})

test('a lab whose check can never succeed, or asks nobody, says it of itself', () => {
  const doubts = (haproxy: object) => entryDoubts(topologyFrom({haproxy}).haproxy).join(' ')
  expect(doubts({check_tls: true})).toMatch(/no server is ever up, nobody can write/)
  expect(doubts({check_primary: 'tcp'})).toContain('no entry asks who leads')
  expect(doubts({check_primary: 'none', check_tls: true})).toContain('no entry asks who leads')
  expect(doubts({check_primary: '/prymary'})).toMatch(/answers with 503 always: no server is ever up/)
  expect(doubts({check_primary: '/replica'})).toContain('no entry asks who leads')
  expect(doubts({check_primary: '/leader'})).toBe('')
  expect(doubts({})).toBe('')
})

test.each([
  [
    'two clusters',
    {'a.yml': patroni(), 'b.yml': patroni().replace('scope: db', 'scope: other')},
    'b.yml:1:8: another scope than in a.yml: these are two clusters',
  ],
  ['no timings', {'haproxy.cfg': haproxy}, 'none of these files says the timings of Patroni'],
  [
    'timings that are none',
    {'patroni.yml': patroni().replace('ttl: 45', 'ttl: soon')},
    ': ttl soon is no whole number of seconds',
  ],
])('%s are refused with the next step', (_, texts, says) => {
  expect(() => read(texts as Record<string, string>)).toThrow(says)
})

describe('who may take over in theirs may here, and nobody else:', () => {
  const of = (texts: Texts) =>
    asTopology(filesOf(Object.entries(texts).map(([file, text]) => readConfiguration(file, text))))

  test('tags that forbid it stay with their member, as Patroni reads them', () => {
    const {written} = of(
      changed(
        ['n1.yml', 'nofailover: false', 'nofailover: "no"'],
        ['n3.yml', 'nofailover: false', 'failover_priority: 0\n  nosync: yes'],
      ),
    )
    expect(written.patroni?.tags).toEqual({node1: {nofailover: true}, node3: {nofailover: true, nosync: true}})
    expect(predict(topologyFrom(written), ['kill-host']).faults[0]!.why).toMatch(/^nobody else may lead/)
  })

  test('a cluster that is paused is told to be, by what it runs with rather than by what it began with', () => {
    const paused = {...right, 'show.yml': 'pause: true\nttl: 30\n'}
    expect(of(paused)).toMatchObject({isPaused: true})
    expect(of(paused).assumed[0]).toMatch(/^show\.yml:1:8: the cluster is paused: .*patronictl resume/)
    expect(of(changed(['n*.yml', '    ttl: 30', '    pause: on\n    ttl: 30']))).toMatchObject({isPaused: true})
    expect(of(changed(['n*.yml', '    ttl: 30', '    pause: off\n    ttl: 30']))).toMatchObject({isPaused: false})
    const resumed = {...changed(['n*.yml', '    ttl: 30', '    pause: on\n    ttl: 30']), 'show.yml': 'ttl: 30\n'}
    expect(of(resumed)).toMatchObject({isPaused: false})
  })
})
