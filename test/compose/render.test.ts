import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {printWords} from '../../compose/haproxy.ts'
import {composeFile, render} from '../../compose/render.ts'
import {literal} from '../../compose/sql.ts'
import {releaseNames, usualRelease} from '../../lab/topology/release.ts'
import {labels, type Topology} from '../../lab/topology/topology.ts'
import {parseTopology} from '../../lab/topology/topology-file.ts'
import {allocation, home, hosts, owner, patroniYml, read, topology} from './a-lab.ts'

const whose = {[labels.lab]: 'demo', [labels.owner]: 'c0ffee'}
const dataLabels = {...whose, [labels.home]: home}

const volume = (source: string, target: string) => ({type: 'volume', source, target})

describe('the compose file', () => {
  test.each(['default', 'fast'] as const)('of profile %s is the golden one', async profile => {
    await expect(render(topology(profile), allocation(), owner)).toMatchFileSnapshot(`golden/${profile}.yaml`)
  })

  test.each(releaseNames.filter(name => name !== usualRelease))('of release %s is the golden one', async release => {
    await expect(render({...topology('fast'), release}, allocation(), owner)).toMatchFileSnapshot(
      `golden/${release}.yaml`,
    )
  })

  test('of a lab with a watchdog, failsafe mode and quorum commit is the golden one', async () => {
    const settings = {watchdog: 'required', failsafeMode: true, synchronousMode: 'quorum'} as const
    await expect(render(topology('fast', settings), allocation(), owner)).toMatchFileSnapshot('golden/watchdog.yaml')
  })

  test.each(['automatic', 'required'] as const)(
    'gives the hosts of PostgreSQL, and no others, a watchdog that can restart them when it is %s',
    mode => {
      const file = read(render(topology('fast', {watchdog: mode, watchdogSafetyMarginSeconds: 3}), allocation(), owner))
      for (const {name, services} of hosts) {
        const database = services.includes('patroni')
        expect(file.services[name]?.restart).toBe(database ? 'on-failure' : 'no')
        expect(file.services[name]?.command).toEqual(database ? [...services, 'watchdog'] : services)
      }
      const {watchdog} = parse(file.configs.patroni!.content)
      expect(watchdog).toEqual({mode, driver: 'testing', device: '/run/watchdog/fifo', safety_margin: 3})
    },
  )

  test('without a watchdog tells Patroni so, and restarts no host', () => {
    const file = read(render(topology('fast'), allocation(), owner))
    expect(parse(file.configs.patroni!.content, {version: '1.1'}).watchdog).toEqual({mode: false})
    for (const one of Object.values(file.services)) {
      expect(one.restart).toBe('no')
      expect(one.command).not.toContain('watchdog')
    }
  })

  test('publishes ports on 127.0.0.1 only', () => {
    const ports = Object.values(read(render(topology('fast'), allocation(), owner)).services).flatMap(
      one => one.ports ?? [],
    )
    expect(ports).toHaveLength(3 + 3)
    for (const port of ports)
      expect(port).toMatchObject({host_ip: '127.0.0.1', published: expect.stringMatching(/^\d+$/)})
    expect(new Set(ports.map(port => port.published)).size).toBe(ports.length)
    // etcd and Patroni's REST API do what anybody tells them: 2379, 2380 and 8008 are not among them.
    expect(new Set(ports.map(port => port.target))).toEqual(new Set([5432, 5000, 5001, 7000]))
  })

  test('doubles every dollar of a configuration, and loses none', () => {
    const costly = ['a$b$$c$', '{D}'].join('')
    const text = render(topology('fast'), allocation({superuser: costly}), owner)
    expect(patroniYml(text).postgresql.authentication.superuser.password).toBe(costly)
    expect(text).toContain('a$$b$$$$c$$')
  })

  test('keeps a password with quotes, colons and hashes whole in YAML and in SQL', () => {
    const cruel = `it's: "1" #2 \\`
    const text = render(topology('fast'), allocation({replication: cruel, app: cruel}), owner)
    expect(patroniYml(text).postgresql.authentication.replication.password).toBe(cruel)
    expect(read(text).configs['post-bootstrap']!.content).toContain(`PASSWORD E'it''s: "1" #2 \\\\'`)
  })

  test('labels everything with its lab and owner, what belongs to a host with that, and what holds data with where the owner keeps it', () => {
    const file = read(render(topology('fast'), allocation(), owner))
    expect(file.networks.lab.labels).toEqual(dataLabels)
    const {observer, ...services} = file.services
    for (const [host, one] of Object.entries(services)) expect(one.labels).toEqual({...whose, [labels.host]: host})
    for (const [host, one] of Object.entries(file.volumes))
      expect(one.labels).toEqual({...dataLabels, [labels.host]: host})
    // What is no host of the topology must not be taken for one: no fault, no selector and no count may meet it.
    expect(observer?.labels).toEqual({...whose, [labels.observer]: 'yes'})
  })

  test('has one observer without any right, which reaches what answers HTTP and nothing else', () => {
    const {observer} = read(render(topology('fast'), allocation(), owner)).services
    expect(observer).toEqual({
      image: 'pgha-lab/app:test',
      pull_policy: 'never',
      container_name: 'pgha-lab-demo-observer',
      hostname: 'observer',
      labels: {...whose, [labels.observer]: 'yes'},
      command: ['node', '--max-old-space-size=64', '/opt/pgha-lab/observer.mjs'],
      restart: 'no',
      stop_grace_period: '1s',
      user: '65534:65534',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: '268435456',
      pids_limit: 64,
      logging: {driver: 'json-file', options: {'max-file': '2', 'max-size': '5m'}},
      environment: {
        PGHA_LAB_MAY_REACH:
          '10.213.7.11:2379 10.213.7.11:8008 10.213.7.12:2379 10.213.7.12:8008 10.213.7.13:2379 10.213.7.13:8008 10.213.7.14:7000',
      },
      networks: {lab: {ipv4_address: '10.213.7.10'}},
    })
  })

  test('its observer reaches what is published too, where that is on another machine', () => {
    const {observer} = read(render(topology('fast'), {...allocation(), elsewhere: true}, owner)).services
    expect(observer?.environment).toEqual({
      PGHA_LAB_MAY_REACH: [
        ...['11:2379', '11:8008', '11:5432', '12:2379', '12:8008', '12:5432', '13:2379', '13:8008', '13:5432'],
        ...['14:7000', '14:5000', '14:5001'],
      ]
        .map(end => `10.213.7.${end}`)
        .join(' '),
    })
  })

  test('opens at every host to everybody what is published of it, and nothing else', () => {
    const {services} = read(render(topology('fast'), allocation(), owner))
    for (const {name} of hosts) {
      const published = services[name]?.ports?.map(({target}) => target) ?? []
      expect(services[name]?.environment).toMatchObject({LAB_NETWORK: '10.213.7.0/24', LAB_GATEWAY: '10.213.7.1'})
      expect(services[name]?.environment?.LAB_PUBLISHED?.split(' ').map(Number) ?? []).toEqual(published)
    }
    expect(services.app1?.environment).not.toHaveProperty('LAB_PUBLISHED')
  })

  test('gives each host its services as command, its fixed address, and no restart', () => {
    const {services, name} = read(render(topology('fast'), allocation(), owner))
    expect(name).toBe('pgha-lab-demo')
    expect(Object.keys(services)).toEqual([...hosts.map(host => host.name), 'observer'])
    for (const host of hosts) {
      const service = services[host.name]!
      expect(service.command).toEqual(host.services)
      expect(service.restart).toBe('no')
      expect(service.stop_grace_period).toBe('1m0s')
      expect(service.cap_drop).toEqual(['ALL'])
      expect(service.cap_add).toContain('NET_ADMIN')
      expect(service.networks.lab.ipv4_address).toBe(allocation().addresses[host.name])
    }
    expect(services.app1!.image).toBe('pgha-lab/app:test')
    expect(services.node1!.image).toBe('pgha-lab/host:test')
  })

  test('mounts nothing of the machine it runs on: data in volumes of its own, configuration from inside the file', () => {
    const file = read(render(topology('fast'), allocation(), owner))
    expect(Object.values(file.services).flatMap(one => one.volumes ?? [])).toEqual([
      volume('node1', '/data'),
      volume('node2', '/data'),
      volume('node3', '/data'),
    ])
    const used = Object.values(file.services).flatMap(one => one.configs?.map(({source}) => source) ?? [])
    expect(new Set(used)).toEqual(new Set(Object.keys(file.configs)))
  })

  test('hands the timings to Patroni and HAProxy as the topology says them', () => {
    const text = render(topology('default'), allocation(), owner)
    expect(patroniYml(text).bootstrap.dcs).toMatchObject({ttl: 30, loop_wait: 10, retry_timeout: 10})
    expect(read(text).configs.haproxy!.content).toContain(
      'default-server inter 3000ms fastinter 3000ms downinter 3000ms fall 3 rise 2 on-marked-down shutdown-sessions',
    )
  })

  test('hands permanent slots to Patroni as they were written', () => {
    const slots = {events: {type: 'logical', database: 'app', plugin: 'pgoutput'}, archive: {type: 'physical'}}
    const written = `patroni: {slots: ${JSON.stringify(slots)}}\npostgresql: {parameters: {wal_level: logical}}\n`
    const text = render(parseTopology('lab.yaml', written), allocation(), owner)
    expect(patroniYml(text).bootstrap.dcs).toMatchObject({slots})
  })

  test('leaves the sessions of a server that is marked down alone where the topology says so, and ends idle ones when it says', () => {
    const without = parseTopology('lab.yaml', 'haproxy: {on_marked_down: none, timeout_client: 30s}\n')
    const {content} = read(render(without, allocation(), owner)).configs.haproxy!
    expect(content).not.toContain('on-marked-down')
    expect(content).toContain('timeout client 30000ms\n    timeout server 1800000ms\n')
  })

  test.each([
    ['off', undefined, undefined],
    ['on', true, false],
    ['strict', true, true],
    ['quorum', 'quorum', false],
  ] as const)('maps synchronous mode %s', (synchronousMode, on, strict) => {
    const {dcs} = patroniYml(render(topology('fast', {synchronousMode}), allocation(), owner)).bootstrap
    expect([dcs.synchronous_mode, dcs.synchronous_mode_strict]).toEqual([on, strict])
  })

  test("puts a person's PostgreSQL parameters in place of the lab's own", () => {
    const text = render(
      {...topology('fast'), postgresParameters: {wal_keep_size: '1GB', work_mem: '8MB'}},
      allocation(),
      owner,
    )
    expect(patroniYml(text).bootstrap.dcs.postgresql.parameters).toMatchObject({wal_keep_size: '1GB', work_mem: '8MB'})
  })

  test('never switches durability off', () => {
    const text = render(topology('fast'), allocation(), owner)
    expect(text).not.toMatch(/fsync|full_page_writes|synchronous_commit|no-sync|tmpfs/)
    expect(patroniYml(text).bootstrap.initdb).toContain('data-checksums')
  })

  test('serves hosts that run etcd only', () => {
    const apart: Topology = {
      ...topology('fast'),
      hosts: [
        {name: 'etcd1', services: ['etcd']},
        {name: 'node1', services: ['patroni']},
        {name: 'proxy1', services: ['haproxy']},
      ],
    }
    const text = render(apart, allocation({}, apart), owner)
    const {services} = read(text)
    expect(services.etcd1!.environment).not.toHaveProperty('PATRONI_NAME')
    expect(services.node1!.configs!.map(({target}) => target)).not.toContain('/etc/etcd/etcd.yaml')
    expect(patroniYml(text).etcd3.hosts).toEqual(['10.213.7.11:2379'])
  })

  test('refuses to render a port that was not allocated', () => {
    expect(() => render(topology('fast'), {...allocation(), ports: {}}, owner)).toThrow(/no port was allocated/)
  })
})

test('a data directory of a limited size is in memory, and etcd on the same host has a volume that nothing of PostgreSQL can fill', () => {
  const file = read(render({...topology('fast'), dataBytes: 400 * 1024 * 1024}, allocation(), owner))
  expect(file.services.node1?.volumes).toEqual([volume('node1', '/data'), volume('node1_etcd', '/data/etcd')])
  const mine = {...dataLabels, [labels.host]: 'node1'}
  expect(file.volumes.node1).toEqual({
    name: 'pgha-lab-demo_node1',
    labels: mine,
    driver_opts: {type: 'tmpfs', device: 'tmpfs', o: 'size=419430400,mode=0755'},
  })
  expect(file.volumes.node1_etcd).toEqual({name: 'pgha-lab-demo_node1_etcd', labels: mine})
  expect(Object.keys(file.volumes)).toHaveLength(6)
})

describe('what a container may do and take', () => {
  const of = (changes: Partial<Topology> = {}) =>
    composeFile({...topology('fast'), ...changes}, allocation({}, {...topology('fast'), ...changes}), owner).services
  const memory = (changes?: Partial<Topology>) => Number(of(changes).node1!.mem_limit)
  const with_ = (postgresParameters: Record<string, string>) => ({postgresParameters})

  test('has no right but those its services need, and none to be had', () => {
    for (const one of Object.values(of())) {
      expect(one.cap_drop).toEqual(['ALL'])
      expect(one.security_opt).toEqual(['no-new-privileges:true'])
      expect(one).not.toHaveProperty('privileged')
    }
    expect(of().app1!.cap_add).toEqual(['NET_ADMIN'])
    expect(of().observer!.cap_add).toBeUndefined()
    // For faults, and of what runs in the same container only: the system calls of those that keep data are held up.
    const tracing = Object.entries(of()).filter(([, one]) => one.cap_add?.includes('SYS_PTRACE'))
    expect(tracing.map(([name]) => name)).toEqual(['node1', 'node2', 'node3'])
    for (const never of ['SYS_ADMIN', 'MKNOD', 'SETFCAP', 'SETPCAP', 'SYS_CHROOT', 'AUDIT_WRITE'])
      expect(Object.values(of()).flatMap(one => one.cap_add ?? [])).not.toContain(never)
  })

  test('is bounded in memory, processes and logs', () => {
    for (const one of Object.values(of())) {
      expect(Number(one.mem_limit)).toBeGreaterThan(0)
      expect(one.pids_limit).toBeGreaterThan(0)
      expect(one.logging.driver).toBe('json-file')
      expect(one.logging.options).toMatchObject({'max-file': '2', 'max-size': expect.stringMatching(/^\d+m$/)})
    }
  })

  test('grows with the data that is kept in memory, by all of it', () => {
    expect(memory({dataBytes: 512 * 1024 ** 2}) - memory()).toBe(512 * 1024 ** 2)
  })

  test('grows with the connections, buffers and sorting that PostgreSQL is given, in any spelling and unit', () => {
    const more = of(with_({max_connections: '1100'})).node1!
    expect(Number(more.mem_limit) - memory(with_({}))).toBe(1000 * 14 * 1024 ** 2)
    expect(more.pids_limit).toBeGreaterThan(2 * 1100)
    expect(memory(with_({SHARED_BUFFERS: '1GB'}))).toBe(memory(with_({shared_buffers: '131072'})))
    expect(memory(with_({shared_buffers: '1GB'}))).toBeGreaterThan(memory(with_({})) + 1024 ** 3)
    expect(memory(with_({work_mem: '64MB'}))).toBeGreaterThan(memory(with_({})))
    expect(memory(with_({shared_buffers: 'what?'}))).toBe(memory(with_({})))
  })

  test('never goes beyond what the engine and the kernel take for a number', () => {
    const most = {max_connections: '999999', max_worker_processes: '999999', max_wal_senders: '999999'}
    for (const size of ['99999TB', '9'.repeat(400), `${'9'.repeat(30)}TB`]) {
      const {mem_limit, pids_limit} = of(with_({...most, work_mem: size, shared_buffers: size})).node1!
      expect(mem_limit).toMatch(/^\d{1,16}$/)
      expect(Number.isSafeInteger(Number(mem_limit))).toBe(true)
      expect(pids_limit).toBeLessThanOrEqual(4_194_304)
    }
  })
})

test('no two hosts share a volume, however they are called', () => {
  const named: Topology = {
    ...topology('fast'),
    dataBytes: 400 * 1024 * 1024,
    hosts: [...hosts, {name: 'node1-etcd', services: ['etcd', 'patroni']}],
  }
  const file = read(render(named, allocation({}, named), owner))
  const used = Object.values(file.services).flatMap(one => one.volumes?.map(({source}) => source) ?? [])
  expect(used).toHaveLength(8)
  expect(new Set(used).size).toBe(8)
  expect(new Set(used)).toEqual(new Set(Object.keys(file.volumes)))
})

test('a host of etcd alone keeps its volume on disk', () => {
  const apart: Topology = {
    ...topology('fast'),
    dataBytes: 400 * 1024 * 1024,
    hosts: [{name: 'etcd1', services: ['etcd']}, {name: 'node1', services: ['patroni']}, ...hosts.slice(3)],
  }
  const file = read(render(apart, allocation({}, apart), owner))
  expect(file.services.etcd1?.volumes).toEqual([volume('etcd1', '/data')])
  expect(file.volumes.etcd1).toEqual({
    name: 'pgha-lab-demo_etcd1',
    labels: {...dataLabels, [labels.host]: 'etcd1'},
  })
  expect(file.services.node1?.volumes).toEqual([volume('node1', '/data')])
})

test('WAL alone cannot fill a data directory of a limited size, unless somebody wants it to', () => {
  const limited = {...topology('fast'), dataBytes: 400 * 1024 * 1024}
  const local = (of: Topology) =>
    (parse(read(render(of, allocation(), owner)).configs.patroni?.content ?? '') as {postgresql: {parameters: object}})
      .postgresql.parameters
  expect(local(topology('fast'))).not.toHaveProperty('max_wal_size')
  expect(local(limited)).toHaveProperty('max_wal_size', '100MB')
  expect(local({...limited, postgresParameters: {max_wal_size: '4GB'}})).not.toHaveProperty('max_wal_size')
})

test.each(['a b', '#', '"', "'", '\\', '$x', '', 'a\nb', 'ü'])('HAProxy is never given the word %j', word => {
  expect(() => printWords(['server', word])).toThrow(/could misread/)
})

test.each([
  ["it's", "'it''s'"],
  ['a\\b', "E'a\\\\b'"],
  [":'x' $y", "':''x'' $y'"],
])('the text %j is a literal of SQL', (text, sql) => {
  expect(literal(text)).toBe(sql)
})
