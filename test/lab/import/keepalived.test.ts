/** Somebody's virtual address becomes the lab's: who has it when, and what makes it move; what the lab has not is said with its place. */
import {describe, expect, test} from 'vitest'
import {render} from '../../../compose/render.ts'
import {importFrom} from '../../../lab/import/import.ts'
import {allocation, owner} from '../../compose/a-lab.ts'
import {changed, type Texts} from '../lint/cluster.ts'

const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))
const settings = (texts: Texts) => of(texts).topology.keepalived

describe('who has it, and when it moves, is as theirs have it:', () => {
  test('the priorities, the weight of the check, and who takes it back', () => {
    expect(settings(changed())).toEqual({
      advertIntSeconds: 1,
      intervalSeconds: 2,
      fall: 1,
      rise: 1,
      preempt: true,
      weight: 20,
      priorities: {proxy1: 101, proxy2: 100},
    })
  })

  test('the first proxy of the lab is the one with the highest priority, whatever the order of the files', () => {
    const {hosts, keepalived} = of(changed(['k2.conf', 'priority 100', 'priority 130'])).topology
    expect(keepalived?.priorities).toEqual({proxy1: 130, proxy2: 101})
    expect(hosts.filter(({services}) => services.includes('keepalived')).map(({name}) => name)).toEqual([
      'proxy1',
      'proxy2',
    ])
  })

  test('adverts, failed checks and nopreempt, which keepalived clears for a master', () => {
    const texts = changed(
      ['k*.conf', 'priority', 'nopreempt\n  advert_int 3\n  priority'],
      ['k*.conf', 'weight 20', 'fall 4\n  rise 5'],
    )
    expect(settings(texts)).toMatchObject({advertIntSeconds: 3, fall: 4, rise: 5, preempt: true})
    expect(settings(texts)).not.toHaveProperty('weight')
    const backups = Object.fromEntries(
      Object.entries(texts).map(([file, text]) => [file, text.replace('state MASTER', 'state BACKUP')]),
    )
    expect(settings(backups)).toMatchObject({preempt: false})
  })

  test.each([
    ['no script', changed(['k*.conf', / {2}track_script \{\n {4}chk_haproxy\n {2}\}\n/, ''])],
    ['a script that is not declared', changed(['k*.conf', '    chk_haproxy', '    chk_other'])],
  ])('with %s the address stays where HAProxy is dead', (_, texts) => {
    const {topology, notModelled} = of(texts)
    expect(topology.keepalived).toMatchObject({check: 'none'})
    expect(render(topology, allocation({}, topology), owner)).not.toContain('track_script')
    expect(notModelled.filter(one => one.includes('keepalived/'))).toEqual([])
  })

  test('a weight that does not outdo the priorities goes on so', () => {
    const {topology, notModelled} = of(changed(['k1.conf', 'priority 101', 'priority 150']))
    expect(topology.keepalived).toMatchObject({weight: 20, priorities: {proxy1: 150, proxy2: 100}})
    expect(notModelled.filter(one => one.includes('weight-below-gap'))).toEqual([])
  })

  test('who is named as a peer is there, with the next lower priority, and that is said', () => {
    const {topology, assumed} = of(
      changed(['k2.conf'], ['k1.conf', '  priority', '  unicast_peer {\n    10.0.0.8\n    10.0.0.9\n  }\n  priority']),
    )
    expect(topology.keepalived?.priorities).toEqual({proxy1: 101, proxy2: 100, proxy3: 99})
    expect(assumed).toContainEqual(
      expect.stringMatching(/^k1\.conf: 3 hosts share the virtual address in the lab; of 2 of them/),
    )
  })
})

test('programs that are told of it have stand-ins, each with its place, and where they lie stands nowhere', () => {
  const {topology, changes, text, originals} = of(
    changed(['k*.conf', '  priority', '  notify_master "/opt/tell.sh heron"\n  notify /opt/tell.sh\n  priority']),
  )
  expect(topology.standIns).toEqual(expect.arrayContaining(['notify', 'notify_master']))
  const told = changes.filter(({how}) => how === 'stand-in').map(({what, places}) => `${what} ${places.length}`)
  expect(told).toEqual(['notify_master 2', 'notify 2'])
  expect([text, ...originals.values()].join('\n')).not.toMatch(/heron|tell\.sh/)
})

describe('what the lab has not is said before all else, with its place:', () => {
  test.each<[string, Texts, RegExp]>([
    [
      'a look for the process',
      changed(),
      /^k1\.conf:1:1 and 1 more: it is asked whether HAProxy is there: one that hangs keeps/,
    ],
    [
      'a program of their own',
      changed(['k*.conf', '/usr/bin/pgrep haproxy', '/opt/check.sh']),
      /^k1\.conf:1:1 and 1 more: a program of yours says whether/,
    ],
    [
      'several addresses',
      changed(
        ['k1.conf', '    10.0.0.100/24', '    10.0.0.100/24\n    10.0.0.101/24'],
        ['k2.conf', '    10.0.0.100/24', '    10.0.0.100/24\n    10.0.0.101/24'],
      ),
      /^k1\.conf:6:1 and 1 more: several addresses move together/,
    ],
    [
      'a second instance',
      changed([
        'k1.conf',
        /$/,
        'vrrp_instance other {\n  virtual_router_id 60\n  virtual_ipaddress {\n    10.0.0.200/24\n  }\n}\n',
      ]),
      /^k1\.conf:22:1: this is a second virtual address/,
    ],
    [
      'something else that is watched',
      changed(['k1.conf', '  priority', '  track_interface {\n    eth1\n  }\n  priority']),
      /^k1\.conf:10:3: something else than a script has a say.*\(track_interface\)/,
    ],
    [
      'hosts that differ',
      changed(['k2.conf', 'interval 2', 'interval 9']),
      /^k2\.conf:6:1: interval is not what k1\.conf:6:1 has; the lab has that for all hosts/,
    ],
    [
      'more in another file',
      changed(['k1.conf', /^/, 'include /etc/keepalived/more.conf\n']),
      /^k1\.conf:1:1: another file is a part of this one/,
    ],
    [
      'an address that follows the leader',
      changed(['k*.conf', '/usr/bin/pgrep haproxy', 'curl -f http://localhost:8008/primary']),
      /^k1\.conf:1:1: the lab does not run keepalived: it asks who leads/,
    ],
    [
      'none at all',
      changed(['k*.conf', '10.0.0.100/24', '']),
      /^k1\.conf:1:1: the lab does not run keepalived: no instance in it has a virtual address/,
    ],
    [
      'two that do not hear each other',
      changed(['k2.conf', 'virtual_router_id 51', 'virtual_router_id 52']),
      /^k2\.conf:9:21: your cluster has this mistake, and the lab has not: .*router-id-differs/,
    ],
  ])('%s', (_, texts, says) => {
    expect(of(texts).notModelled.join('\n')).toMatch(new RegExp(says, 'm'))
  })
})

test('every setting is kept, or in the list with a reason', () => {
  const {changes} = of(changed(['k1.conf', '  priority', '  preempt_delay 5\n  smtp_alert\n  priority']))
  const told = changes.filter(({places}) => places[0]?.file === 'k1.conf').map(({what, how}) => `${what}: ${how}`)
  expect(told).toEqual([
    'script: kept otherwise',
    'state: kept otherwise',
    'interface: kept otherwise',
    'virtual_router_id: kept otherwise',
    'preempt_delay: dropped',
    'a setting: dropped',
    'authentication: kept otherwise',
    'virtual_ipaddress: kept otherwise',
    'track_script: kept otherwise',
    'vrrp_instance: kept otherwise',
  ])
})
