/** What is said of a place is so of that very place. */
import {expect, test} from 'vitest'
import {changed, found, type Texts, told} from './cluster.ts'

test.each([
  ['host all all 0.0.0.0/0 trust', 'is superuser'],
  ['host replication repl 0.0.0.0/0 trust', 'is repl, and may copy all data'],
  ['host replication all all trust', 'is superuser, and may copy all data'],
  ['host app reader,writer all trust', 'is reader or writer'],
])('whoever comes by %s %s', (line, says) => {
  const texts = changed(['n1.yml', /( {8}- host all all)/, `        - ${line}\n$1`])
  const told = found(texts).filter(({rule}) => rule.id === 'patroni/hba-trust-world')
  expect(told.map(one => one.says)).toEqual([`trust for every address: whoever reaches the port ${says}`])
})

const flags = [
  '/usr/bin/etcd --name e1 --heartbeat-interval=500 \\\n # of the three\n  --enable-v2',
  ' --initial-cluster "e1=http://10.0.1.1:2380,e2=http://10.0.1.2:2380"',
].join('')
const unit = (more: string): Texts => ({'etcd.service': `[Service]\n${more}ExecStart=${flags}\n`})

test('the flags of the unit that starts etcd are its settings, each at its place', () => {
  expect(told({...changed(['e*.env']), ...unit('')})).toEqual(
    expect.arrayContaining([
      'error etcd/election-below-5-heartbeats etcd.service:2',
      'error etcd/no-majority etcd.service:4',
      'advice etcd/v2-flag etcd.service:4',
    ]),
  )
})

test.each([
  [
    'its own environment, which flags overrule',
    'Environment=ETCD_ELECTION_TIMEOUT=5000 "ETCD_HEARTBEAT_INTERVAL=9000"\n',
    [],
  ],
  ['a variable, which stands for anything', 'Environment=ETCD_ELECTION_TIMEOUT=$X\n', ['etcd.service:3']],
  ['a file of settings, beside which no flag counts', 'Environment=ETCD_CONFIG_FILE=/etc/etcd.yml\n', []],
])('a unit with %s', (_, more, places) => {
  const texts = {...changed(['e*.env']), ...unit(more)}
  const below = found(texts).filter(({rule}) => rule.id === 'etcd/election-below-5-heartbeats')
  expect(below.map(({place}) => `${place.file}:${place.line}`)).toEqual(places)
})

test('a unit that reads an environment has it from the files of it, and makes no member more', () => {
  const members = ' --initial-cluster "e1=http://10.0.1.1:2380,e2=http://10.0.1.2:2380"'
  const text = unit('EnvironmentFile=-/etc/default/etcd\n')['etcd.service']!.replace(members, '')
  const of = (one: string) => told({...changed(), 'etcd.service': one})
  const both = ['error etcd/election-below-5-heartbeats etcd.service:3', 'advice etcd/v2-flag etcd.service:5']
  // With a name it is the unit of that member alone.
  expect(of(text)).toEqual([both[0], 'warning etcd/intervals-differ etcd.service:3', both[1]])
  expect(of(text.replace('--name e1', ''))).toEqual(both)
})
