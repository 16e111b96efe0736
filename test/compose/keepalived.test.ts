/** keepalived's file says who takes the virtual address when, and that it leaves a host whose HAProxy does not answer. */
import {expect, test} from 'vitest'
import {composeFile} from '../../compose/render.ts'
import {blocksOf, readKeepalived, valueIn, addressesOf as virtualIn} from '../../lab/lint/read/keepalived.ts'
import {keepalivedRules} from '../../lab/lint/rules/keepalived.ts'
import {loadTopology, parseTopology} from '../../lab/topology/topology-file.ts'
import {allocation, owner} from './a-lab.ts'

function composed(set: readonly string[] = []) {
  const wanted = loadTopology({topology: 'vip', profile: 'fast', set})
  const file = composeFile(wanted, allocation({}, wanted), owner)
  return {
    file,
    of: (host: string) => readKeepalived('keepalived.conf', file.configs[`keepalived-${host}`]?.content ?? ''),
  }
}

test('each host knows itself, its peer and the address that one of them has, and starts as a backup', () => {
  const {of, file} = composed(['keepalived.advert_int=2s'])
  const told = ['proxy1', 'proxy2'].map(host => {
    const [instance] = blocksOf(of(host), 'vrrp_instance')
    const value = (key: string) => valueIn(instance!, key)?.text
    return {
      state: value('state'),
      priority: value('priority'),
      advert: value('advert_int'),
      own: value('unicast_src_ip'),
      address: [...virtualIn(instance!)],
    }
  })
  expect(told).toEqual([
    {state: 'BACKUP', priority: '101', advert: '2', own: '10.213.7.14', address: ['10.213.7.253']},
    {state: 'BACKUP', priority: '100', advert: '2', own: '10.213.7.15', address: ['10.213.7.253']},
  ])
  expect(file.configs['keepalived-proxy1']!.content).toMatch(/unicast_peer \{\n\s+10\.213\.7\.15\n/)
  expect(file.networks.lab!.ipam.config[0]!.aux_addresses).toMatchObject({virtual: '10.213.7.253'})
})

test('what lint finds in such files it finds nothing of here', () => {
  const {of} = composed()
  const files = {keepalived: [of('proxy1'), of('proxy2')], haproxy: [], patroni: [], etcd: [], pgbouncer: []}
  const found = keepalivedRules.flatMap(rule => [...rule.find(files as never)].map(() => rule.id))
  expect(found).toEqual([])
})

const text = `
hosts:
  node1: [etcd, patroni]
  proxy1: [haproxy, keepalived]
  proxy2: [haproxy, keepalived]
  app1: [client]
stand_ins: [notify, notify_master]
keepalived: {weight: -30, priority: {proxy1: 150, proxy2: 140}}
`
const fromFile = (written: string) => {
  const topology = parseTopology('lab.yaml', written)
  return composeFile(topology, allocation({}, topology), owner).configs
}

test('priorities, the weight of the check and that there is none are those of a lab.yaml', () => {
  const configs = fromFile(text)
  expect(configs['keepalived-proxy1']!.content).toMatch(/priority 150\n/)
  expect(configs['keepalived-proxy2']!.content).toMatch(/priority 140\n/)
  expect(configs['keepalived-proxy1']!.content).toMatch(/vrrp_script haproxy \{[^}]*weight -30\n/)
  const bare = fromFile(text.replace('weight: -30', 'check: none'))['keepalived-proxy1']!.content
  expect(bare).not.toMatch(/vrrp_script|track_script/)
})

test('in the place of programs of theirs a program writes down that it was called', () => {
  const configs = fromFile(text)
  const [instance] = blocksOf(readKeepalived('k', configs['keepalived-proxy1']!.content), 'vrrp_instance')
  expect(valueIn(instance!, 'notify_master')?.text).toBe('/usr/bin/dash /etc/keepalived/called notify_master')
  expect(valueIn(instance!, 'notify')?.text).toBe('/usr/bin/dash /etc/keepalived/called notify')
  expect(configs['keepalived-called']!.content).toMatch(/>> \/var\/log\/called\.log\n$/)
  expect(fromFile(text.replace('[notify, notify_master]', '[]'))).not.toHaveProperty('keepalived-called')
})

test.each([
  [
    'priority: {proxy1: 150, proxy2: 140}',
    'priority: {node1: 150}',
    /lab\.yaml:8:45: node1 runs no keepalived, and so has no priority/,
  ],
  ['priority: {proxy1: 150, proxy2: 140}', 'priority: {proxy1: 255}', /lab\.yaml:8:46: .*a priority is 1 to 254/],
  ['weight: -30', 'weight: 900', /lab\.yaml:8:22: .*a weight is -253 to 253/],
  [', keepalived]\n  proxy2: [haproxy, keepalived]', ']', /no host runs keepalived, so nobody would call notify/],
])('%s as %s is refused with its place', (from, to, says) => {
  expect(() => fromFile(text.replace(from, to))).toThrow(says)
})

test('only its hosts may send what VRRP and gratuitous ARP need', () => {
  const {services} = composed().file
  expect(services.proxy1!.cap_add).toEqual(expect.arrayContaining(['NET_ADMIN', 'NET_BROADCAST', 'NET_RAW']))
  expect(services.node1!.cap_add).not.toContain('NET_BROADCAST')
})
