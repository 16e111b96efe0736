/** keepalived's file says who takes the virtual address when, and that it leaves a host whose HAProxy does not answer. */
import {expect, test} from 'vitest'
import {composeFile} from '../../compose/render.ts'
import {blocksOf, readKeepalived, valueIn, addressesOf as virtualIn} from '../../lab/lint/read/keepalived.ts'
import {keepalivedRules} from '../../lab/lint/rules/keepalived.ts'
import {loadTopology} from '../../lab/topology/topology-file.ts'
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

test('only its hosts may send what VRRP and gratuitous ARP need', () => {
  const {services} = composed().file
  expect(services.proxy1!.cap_add).toEqual(expect.arrayContaining(['NET_ADMIN', 'NET_BROADCAST', 'NET_RAW']))
  expect(services.node1!.cap_add).not.toContain('NET_BROADCAST')
})
