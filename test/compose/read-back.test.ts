import {describe, expect, test} from 'vitest'
import {differences, sayDifference} from '../../compose/read-back.ts'
import {type ComposeFile, composeFile, withDollarsDoubled} from '../../compose/render.ts'
import {addressesOf, portsOf} from '../../lab/state/allocate.ts'
import {type Allocation, profiles, type Topology} from '../../lab/topology/topology.ts'

const topology: Topology = {
  profile: 'fast',
  release: 'trixie',
  hosts: [
    {name: 'node1', services: ['etcd', 'patroni']},
    {name: 'proxy1', services: ['haproxy']},
    {name: 'app1', services: ['client']},
  ],
  ...profiles.fast,
}

const allocation: Allocation = {
  lab: 'demo',
  subnet: '10.213.7.0/24',
  addresses: addressesOf(topology, '10.213.7.0/24'),
  observer: '10.213.7.10',
  ports: portsOf(topology, 25_350),
  passwords: {superuser: 'su$pw', replication: 'repl-pw', rewind: 'rewind-pw', app: 'app-pw'},
  images: {host: 'pgha-lab/host:0123456789ab-ba9876543210', app: 'pgha-lab/app:0123456789ab-ba9876543210'},
}
const meant = composeFile(topology, allocation, {id: 'someone', home: null})

type Loose = {[key: string]: Loose} & Loose[]

/** What Compose answers when it read what is meant, after somebody has had his way with it. */
function answer(change: (read: Loose) => unknown = () => {}): unknown {
  const read = JSON.parse(JSON.stringify(withDollarsDoubled(meant))) as Loose
  for (const service of Object.values(read.services!)) Object.assign(service, {entrypoint: null})
  change(read)
  return read
}

const places = (read: unknown, of: ComposeFile = meant) => differences(of, read).map(({path}) => path.join('.'))
const evil = {image: 'evil', privileged: true} as unknown as Loose
const set = (target: Loose | undefined, values: object) => Object.assign(target as object, values)

describe('what Compose reads', () => {
  test('is what is meant, when it adds no more than its own defaults', () => {
    expect(places(answer())).toEqual([])
    expect(places(answer(({services}) => set(services!.node1!.volumes![0], {volume: {}})))).toEqual([])
    const plain = JSON.parse(JSON.stringify(answer()).replaceAll(',"entrypoint":null', ''))
    expect(JSON.stringify(plain)).not.toContain('entrypoint')
    expect(places(plain)).toEqual([])
  })

  test.each<[string, (read: Loose) => unknown]>([
    ['services.evil', ({services}) => set(services, {evil})],
    ['services.node1.privileged', ({services}) => set(services!.node1, {privileged: true})],
    ['services.node1.pid', ({services}) => set(services!.node1, {pid: 'host'})],
    ['services.node1.devices', ({services}) => set(services!.node1, {devices: ['/dev/sda']})],
    ['services.node1.entrypoint', ({services}) => set(services!.node1, {entrypoint: ['sh']})],
    ['services.node1.constructor', ({services}) => set(services!.node1, {constructor: null})],
    [
      'services.node1.volumes.1',
      ({services}) => services!.node1!.volumes!.push({type: 'bind', source: '/', target: '/host'} as never),
    ],
    ['services.node1.volumes.0.type', ({services}) => set(services!.node1!.volumes![0], {type: 'bind'})],
    ['services.node1.volumes.0.volume', ({services}) => set(services!.node1!.volumes![0], {volume: {subpath: '..'}})],
    ['services.node1.image', ({services}) => set(services!.node1, {image: 'evil'})],
    ['services.node1.ports.0.host_ip', ({services}) => set(services!.node1!.ports![0], {host_ip: '0.0.0.0'})],
    [
      'services.node1.ports.0.host_ip',
      ({services}) => delete (services!.node1!.ports![0] as object as {host_ip?: string}).host_ip,
    ],
    ['services.node1.command.1', ({services}) => services!.node1!.command!.pop()],
    ['services.observer.cap_add', ({services}) => set(services!.observer, {cap_add: ['SYS_ADMIN']})],
    [
      'services.observer.cap_drop',
      ({services}) => delete (services!.observer as object as {cap_drop?: string[]}).cap_drop,
    ],
    [
      'services.observer.security_opt.0',
      ({services}) => set(services!.observer!.security_opt, {0: 'seccomp:unconfined'}),
    ],
    ['services.node1.networks.host', ({services}) => set(services!.node1!.networks, {host: null})],
    ['networks.other', ({networks}) => set(networks, {other: {name: 'x'}})],
    ['networks.lab.driver', ({networks}) => set(networks!.lab, {driver: 'host'})],
    [
      'volumes.node1.driver_opts',
      ({volumes}) => set(volumes!.node1, {driver_opts: {type: 'none', o: 'bind', device: '/'}}),
    ],
    ['configs.patroni.content', ({configs}) => set(configs!.patroni, {content: 'x'})],
    ['configs.patroni.file', ({configs}) => set(configs!.patroni, {file: '/etc/shadow'})],
    ['secrets', read => set(read, {secrets: {}})],
    ['name', read => set(read, {name: 'other'})],
  ])('is refused at %s', (place, change) => {
    expect(places(answer(change))).toEqual([place])
  })

  test.each([null, [], 'services', 7, undefined])('is refused as a whole when it is %j', read => {
    expect(places(read)).toEqual([''])
  })

  test('has every dollar doubled, and a variable of Compose in its place is a difference', () => {
    const read = answer(({configs}) =>
      set(configs!.patroni, {content: configs!.patroni!.content!.toString().replace('$$', '$')}),
    )
    expect(places(read)).toEqual(['configs.patroni.content'])
  })
})

test('a key `__proto__` is a key as any other', () => {
  const text = JSON.stringify(answer()).replace('"services":{', '"services":{"__proto__":{"image":"evil"},')
  expect(places(JSON.parse(text))).toEqual(['services.__proto__'])
})

describe('a difference', () => {
  test('says its path, what is meant, and what was read', () => {
    const [image] = differences(
      meant,
      answer(({services}) => set(services!.node1, {image: 'evil'})),
    )
    expect(sayDifference(image!)).toBe(
      'services.node1.image is "evil", where "pgha-lab/host:0123456789ab-ba9876543210" is meant',
    )
    const [service] = differences(
      meant,
      answer(({services}) => set(services, {evil})),
    )
    expect(sayDifference(service!)).toBe('services.evil is {"image":"evil","privileged":true}, where nothing is meant')
  })

  test('in a configuration tells no password', () => {
    const [found] = differences(
      meant,
      answer(({configs}) =>
        set(configs!.patroni, {content: `${meant.configs.patroni!.content.replaceAll('$', '$$$$')}more: 1\n`}),
      ),
    )
    expect(sayDifference(found!)).toMatch(/^configs\.patroni\.content differs from its line \d+ on$/)
  })
})
