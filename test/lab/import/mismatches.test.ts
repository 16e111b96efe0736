/** Two sides of somebody's cluster that do not get through to each other, which no lab has: said before all else. */
import {describe, expect, test} from 'vitest'
import {importFrom} from '../../../lab/import/import.ts'
import {type Change, changed, type Texts} from '../lint/cluster.ts'

const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))

const etcdInTls: Change = ['e*.env', /http:(\/\/[\d.]+:2379)/g, 'https:$1']
const patroniInTls: Change = ['n*.yml', 'etcd3:\n', 'etcd3:\n  protocol: https\n']

describe('of etcd and Patroni, of which one alone speaks TLS,', () => {
  test.each<[string, Change, RegExp]>([
    ['Patroni', patroniInTls, /^n1\.yml:8:13 and 2 more: your cluster has this mistake, .*cluster\/etcd-tls-mismatch/],
    ['etcd', etcdInTls, /^n1\.yml:7:1 and 2 more: your cluster has this mistake, .*cluster\/etcd-tls-mismatch/],
  ])('as %s does, it is said, and not that the lab has TLS where they have it', (_, change, says) => {
    const {notModelled} = of(changed(change, ['e*.env', /$/, 'ETCD_CERT_FILE=/a.crt\nETCD_CLIENT_CERT_AUTH=true\n']))
    expect(notModelled).toContainEqual(expect.stringMatching(says))
    expect(notModelled.join('\n')).not.toContain('the lab has TLS where yours has it')
  })

  test('nothing is said where both do', () => {
    const {notModelled, topology} = of(changed(patroniInTls, etcdInTls))
    expect(topology.tls).toMatchObject({etcd: true})
    expect(notModelled.join('\n')).not.toContain('etcd-tls-mismatch')
    expect(notModelled).toContainEqual(expect.stringMatching(/the lab has TLS where yours has it/))
  })

  test('that one member alone does is said where no file of etcd is given', () => {
    const {notModelled} = of(changed(['e*.env'], ['n2.yml', 'etcd3:\n', 'etcd3:\n  protocol: https\n']))
    expect(notModelled).toContainEqual(expect.stringMatching(/^n2\.yml:8:13: etcd3\.protocol is not what n1\.yml has/))
  })
})

describe('of what no lab has, its place is said:', () => {
  test.each<[string, Texts, RegExp]>([
    [
      'another password',
      changed(['k2.conf', 'swan1234', 'swan1235']),
      /^k2\.conf:13:15: .*keepalived\/password-differs/,
    ],
    [
      'another interval',
      changed(['k2.conf', '  priority', '  advert_int 3\n  priority']),
      /^k2\.conf:10:14: your cluster has this mistake, .*keepalived\/advert-interval-differs/,
    ],
    [
      'who listens for itself',
      changed(['n2.yml', 'listen: 0.0.0.0:5432', 'listen: 127.0.0.1:5432']),
      /^n2\.yml:\d+:\d+: your cluster has this mistake, .*patroni\/listens-on-loopback/,
    ],
  ])('%s', (_, texts, says) => {
    const {notModelled} = of(texts)
    expect(notModelled).toContainEqual(expect.stringMatching(says))
    expect(notModelled.join('\n')).not.toMatch(/swan/)
  })
})

test('an address whose script a group tracks moves in the lab, too, and without its weight', () => {
  const script = / {2}track_script \{[^}]*\}\n/
  const group = 'vrrp_sync_group G {\n  group {\n    VI_1\n  }\n  track_script {\n    chk_haproxy\n  }\n'
  const {topology} = of(changed(['k*.conf', script, ''], ['k*.conf', /$/, `${group}}\n`]))
  expect(topology.keepalived).not.toHaveProperty('check')
  expect(topology.keepalived).not.toHaveProperty('weight')
  const weighing = of(changed(['k*.conf', script, ''], ['k*.conf', /$/, `${group}  sync_group_tracking_weight\n}\n`]))
  expect(weighing.topology.keepalived).toMatchObject({weight: 20})
})

test('names of tags, slots and settings that the lab has not stand nowhere', () => {
  const {changes, text, originals} = of(
    changed(
      ['n1.yml', '  nofailover: false', '  nofailover: false\n  heronnest: true'],
      ['n*.yml', '    ttl: 30', '    slots:\n      heronslot: {type: logical, plugin: wal2json}\n    ttl: 30'],
      ['e1.env', /$/, 'ETCD_HERON_KEY=1\n'],
    ),
  )
  expect(JSON.stringify([changes, text, ...originals.values()])).not.toMatch(/heron/i)
  expect(changes.map(({what}) => what)).toEqual(
    expect.arrayContaining(['tags.…', 'bootstrap.dcs.slots.…', 'a setting']),
  )
})
