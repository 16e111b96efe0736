/** Checks of other kinds than the lab's own, and values that HAProxy does not take: what the lab has instead is said. */
import {describe, expect, test} from 'vitest'
import {importFrom} from '../../../lab/import/import.ts'
import {asTopology} from '../../../lab/lint/as-topology.ts'
import {filesOf, readConfiguration} from '../../../lab/lint/read/read.ts'
import {type Change, changed, type Texts} from '../lint/cluster.ts'

const given = (texts: Texts) => Object.entries(texts).map(([file, text]) => ({file, text}))
const of = (...changes: readonly Change[]) => importFrom(given(changed(...changes)))
const assumedOf = (...changes: readonly Change[]) =>
  asTopology(filesOf(given(changed(...changes)).map(({file, text}) => readConfiguration(file, text)))).assumed

const asked = / {2}option httpchk OPTIONS \/primary\n {2}http-check expect status 200\n/
const query = `  option tcp-check
  tcp-check connect
  tcp-check send-binary 51
  tcp-check send-binary 73656c6563742070675f69735f696e5f7265636f7665727928293b00
  tcp-check expect binary 66
`

describe('who is a primary', () => {
  test('by a query that PostgreSQL answers: the lab asks Patroni, and that is said first', () => {
    const {topology, notModelled, assumed} = of(['haproxy.cfg', asked, query])
    expect(topology.haproxy).not.toHaveProperty('checkPrimary')
    expect(notModelled.filter(one => one.includes('PostgreSQL itself is asked'))).toHaveLength(1)
    expect(assumed.join('\n')).not.toContain('no entry asks who leads')
  })

  test('by a program of somebody: the lab asks Patroni, and whether theirs follows the leader nobody says', () => {
    const {topology, notModelled, assumed} = of(['haproxy.cfg', asked, '  option external-check\n'])
    expect(topology.haproxy).not.toHaveProperty('checkPrimary')
    expect(notModelled.filter(one => one.includes('whether it follows the leader no file says'))).toHaveLength(1)
    expect(assumed.join('\n')).not.toContain('no entry asks who leads')
  })

  test('by nothing: `lint` is named where it has something to say, and only there', () => {
    expect(
      assumedOf(['haproxy.cfg', asked, '  option tcp-check\n'], ['haproxy.cfg', /listen readers[\s\S]*/, '']).join(
        '\n',
      ),
    ).toContain(
      'no entry asks who leads: writers may be led anywhere, and these times say nothing of that (`lint` says why).',
    )
    const only = assumedOf(
      ['haproxy.cfg', 'OPTIONS /primary', 'OPTIONS /sync'],
      ['haproxy.cfg', /listen readers[\s\S]*/, ''],
    )
    expect(only.join('\n')).toContain('no entry asks who leads')
    expect(only.join('\n')).not.toContain('`lint` says why')
  })

  test('by what another server is asked: its times are the times', () => {
    const beside = [1, 2, 3].map(n => `  server n${n} 10.0.0.${n}:5432 track write/n${n}\n`).join('')
    const {notModelled} = of([
      'haproxy.cfg',
      /$/,
      `listen beside\n  bind *:5008\n  default-server on-marked-down shutdown-sessions\n${beside}`,
    ])
    expect(notModelled.join('\n')).not.toMatch(/(inter|fall|rise|timeout check).* (is|are) not what/)
  })
})

test('a proxy that is off is no way in', () => {
  const off = [1, 2, 3].map(n => `  server n${n} 10.0.0.${n}:5432 check\n`).join('')
  const {notModelled, topology} = of([
    'haproxy.cfg',
    'listen write\n',
    `listen old\n  disabled\n  bind *:5009\n${off}listen write\n`,
  ])
  expect(topology.haproxy).not.toHaveProperty('checkPrimary')
  expect(notModelled.join('\n')).not.toMatch(/turned away|5009/)
})

test.each([
  ['fall 3', 'fall 0', 'haproxy/bad-value'],
  ['fall 3', 'inter 0', 'haproxy/bad-value'],
  ['timeout client 30m', 'timeout client 5x', 'haproxy/bad-value'],
  ['timeout client 30m', 'timeout client 25d', 'haproxy/bad-value'],
  ['listen write\n', 'frontend in\n  bind *:5010\n  default_backend nosuch\nlisten write\n', 'haproxy/name-unknown'],
  ['n2 10.0.0.2:5432 check', 'n2 10.0.0.2:5432 track wrote/n2', 'haproxy/name-unknown'],
  [
    '  option httpchk OPTIONS /primary\n',
    '  no option httpchk\n  option httpchk OPTIONS /primary\n',
    'haproxy/check-not-undone',
  ],
] as const)('a file with which HAProxy does not start is told first: %s becomes %s', (from, to, id) => {
  const {notModelled} = of(['haproxy.cfg', from, to])
  expect(notModelled.filter(one => one.includes(id))).toHaveLength(1)
})

test('of 3sec HAProxy takes the 3s', () => {
  expect(of(['haproxy.cfg', /inter 3s/g, 'inter 3sec']).topology.haproxy.interMs).toBe(3000)
})

test('without its limits a session lasts as long as a lab can say, which is told to init and predict', () => {
  const changes: readonly Change[] = [['haproxy.cfg', / {2}timeout (connect|client|server) .*\n/g, '']]
  const {topology, assumed} = of(...changes)
  expect(topology.haproxy).toMatchObject({clientTimeoutMs: 86_400_000, serverTimeoutMs: 86_400_000})
  for (const all of [assumed, assumedOf(...changes)])
    expect(all.filter(one => one.includes('timeout connect, timeout client and timeout server'))).toHaveLength(1)
})

test('a group of instances that watches HAProxy does so in the lab', () => {
  const group = 'vrrp_sync_group G {\n  group {\n    VI_1\n  }\n  track_script {\n    chk_haproxy\n  }\n}\n'
  const {topology} = of(['k*.conf', / {2}track_script \{[^}]*\}\n/, ''], ['k*.conf', /$/, group])
  expect(topology.keepalived).not.toHaveProperty('check')
})
