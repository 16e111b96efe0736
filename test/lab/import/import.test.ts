/** Other people's configurations become a lab that is like their cluster, and never healthier; or it is said why not. */
import {describe, expect, test} from 'vitest'
import {predict, worthTelling} from '../../../lab/budget/prediction.ts'
import {importFrom} from '../../../lab/import/import.ts'
import {asTopology} from '../../../lab/lint/as-topology.ts'
import {filesOf, readConfiguration} from '../../../lab/lint/read/read.ts'
import {parseTopology, topologyFrom} from '../../../lab/topology/topology-file.ts'
import {changed, right, type Texts} from '../lint/cluster.ts'
import {importable, refused} from './shapes.ts'

const given = (texts: Texts) => Object.entries(texts).map(([file, text]) => ({file, text}))
const of = (texts: Texts) => importFrom(given(texts))

describe.each(Object.entries(importable))('%s', (_, texts) => {
  const imported = of(texts)

  test('becomes a lab.yaml that reads as it is meant, and from which nothing leads out', () => {
    expect(parseTopology('lab.yaml', imported.text)).toEqual(imported.topology)
    expect(imported.topology.network).toBe('internal')
  })

  test('implies what its own files imply', () => {
    const files = filesOf(given(texts).map(({file, text}) => readConfiguration(file, text)))
    const theirs = topologyFrom(asTopology(files).written)
    const [own, lab] = [theirs, imported.topology].map(topology => predict(topology, worthTelling(topology)))
    expect(lab!.effective).toEqual(own!.effective)
    const bounds = ({faults}: typeof own & object) => faults.map(({name, outage}) => [name, outage?.length.bounds])
    expect(bounds(lab!)).toEqual(bounds(own!))
  })

  test('is redacted line by line, so that places stay right', () => {
    const lines = [...imported.originals.values()].map(text => text.split('\n').length)
    expect(lines).toEqual(given(texts).map(({text}) => text.replaceAll('\r\n', '\n').split('\n').length))
  })
})

test.each(refused)('%s is refused in a sentence', (_, texts, says) => {
  expect(() => of(texts)).toThrow(says)
})

describe('a lab is never healthier than what it was made of:', () => {
  test('of a paused cluster it is said first that nobody takes over in it', () => {
    const [first, ...more] = of({...right, 'show.yml': 'pause: true\nttl: 30\n'}).notModelled
    expect(first).toMatch(/^show\.yml:1:8: the cluster is paused: /)
    expect(more.filter(one => /paused/.test(one))).toEqual([])
  })

  test('tags stay with their member', () => {
    const {topology} = of(importable['printed by a role of Ansible']!)
    expect(topology.tags).toEqual({node3: {nofailover: true}})
  })

  test('a check in TLS of a REST API without stays one', () => {
    const {topology, text} = of(changed(['haproxy.cfg', /check port 8008/g, 'check port 8008 check-ssl verify none']))
    expect(topology.haproxy.checkTls).toBe(true)
    expect(text).toContain('check_tls: "on"')
  })

  const inTls = changed(
    [
      'n*.yml',
      '  listen: 0.0.0.0:8008\n',
      '  listen: 0.0.0.0:8008\n  certfile: /etc/pki/a.crt\n  keyfile: /etc/pki/a.key\n',
    ],
    ['haproxy.cfg', /check port 8008/g, 'check port 8008 check-ssl verify none'],
  )

  test('what speaks TLS and asks for a password does so in the lab, with nothing of theirs', () => {
    const {topology, text, changes, notModelled} = of(
      changed(
        [
          'n*.yml',
          '  listen: 0.0.0.0:8008\n',
          '  listen: 0.0.0.0:8008\n  authentication: {username: boss, password: Hen-1-red}\n',
        ],
        [
          'n*.yml',
          'etcd3:\n',
          'etcd3:\n  protocol: https\n  cacert: /etc/pki/ca.crt\n  username: chief\n  password: Hen-2-red\n',
        ],
        [
          'n*.yml',
          '  parameters:\n    unix',
          '  parameters:\n    ssl: "on"\n    ssl_cert_file: /etc/pki/a.crt\n    unix',
        ],
      ),
    )
    expect(topology).toMatchObject({tls: {etcd: true, postgresql: true}, auth: {etcd: 'simple', rest: true}})
    expect(topology.postgresParameters).not.toHaveProperty('ssl')
    expect(text).not.toMatch(/boss|chief|Hen|pki/)
    expect(changes.filter(({what}) => what.startsWith('etcd3.')).map(({how}) => how)).not.toContain('dropped')
    expect(notModelled.filter(one => one.includes('the lab has TLS where yours has it'))).toHaveLength(1)
  })

  test('a REST API in TLS that is asked in TLS', () => {
    const {topology} = of(inTls)
    expect(topology).toMatchObject({tls: {rest: true}})
    expect(topology.haproxy).not.toHaveProperty('checkTls')
  })

  test('a check in the clear of a REST API in TLS stays one', () => {
    const {topology} = of(
      changed(['n*.yml', '  listen: 0.0.0.0:8008\n', '  listen: 0.0.0.0:8008\n  certfile: /etc/pki/a.crt\n']),
    )
    expect(topology).toMatchObject({tls: {rest: true}, haproxy: {checkTls: false}})
  })

  test('who asks nobody who leads goes on doing so', () => {
    const {topology} = of(changed(['haproxy.cfg', /^ {2}(option httpchk|http-check) .*\n/gm, '']))
    expect(topology.haproxy).toMatchObject({checkPrimary: 'tcp', checkReplicas: 'tcp'})
  })

  test.each([
    ['simple', 'ETCD_AUTH_TOKEN_TTL=20', {etcd: 'simple', etcdTokenTtlSeconds: 20}],
    [
      'jwt',
      'ETCD_AUTH_TOKEN="jwt,pub-key=/a.pub,priv-key=/a.key,sign-method=RS256,ttl=1m30s"',
      {etcd: 'jwt', etcdTokenTtlSeconds: 90},
    ],
  ])("etcd's tokens, which are %s, end as soon as theirs", (_, setting, auth) => {
    const {topology} = of(
      changed(
        ['n*.yml', 'etcd3:\n', 'etcd3:\n  username: chief\n  password: Hen-2-red\n'],
        ['e*.env', /$/, `\n${setting}\n`],
      ),
    )
    expect(topology.auth).toMatchObject(auth)
  })

  test('who leads is asked where the request is written out in tcp-check, and the list says that httpchk asks it', () => {
    const byHand = [
      'option tcp-check',
      'tcp-check connect port 8008',
      String.raw`tcp-check send "GET /leader HTTP/1.0\r\n\r\n"`,
      String.raw`tcp-check expect rstring ^HTTP/1..\ 200`,
    ]
    const {topology, changes} = of(
      changed(['haproxy.cfg', '  option httpchk OPTIONS /primary\n', byHand.map(line => `  ${line}\n`).join('')]),
    )
    expect(topology.haproxy.checkPrimary).toBe('/leader')
    const [told, ...others] = changes.filter(({what}) => /tcp-check/.test(what))
    expect([told?.how, ...others.map(({how}) => how)]).toEqual([
      'kept otherwise',
      ...others.map(() => 'kept otherwise'),
    ])
    expect(told?.why).toMatch(/^the lab asks Patroni by option httpchk/)
  })

  test('of two tags that contradict each other the one stays that counts', () => {
    const {topology, changes} = of(changed(['n3.yml', 'nofailover: false', 'nofailover: true\n  failover_priority: 3']))
    expect(topology.tags).toEqual({node3: {nofailover: true}})
    expect(changes.find(({what}) => what === 'tags.failover_priority')?.why).toMatch(/the tag beside it says otherwise/)
  })

  test('two members of etcd stay two', () => {
    const {topology} = of(
      changed(['e*.env', ',e3=http://10.0.1.3:2380', ''], ['n*.yml', ',10.0.1.3:2379', ''], ['e3.env']),
    )
    expect(topology.hosts.filter(({services}) => services.includes('etcd'))).toHaveLength(2)
  })

  test('without use_pg_rewind there is none, and HAProxy tries as often as theirs', () => {
    const {topology} = of(changed(['n*.yml', '      use_pg_rewind: true\n', '']))
    expect(topology.dynamic).toMatchObject({use_pg_rewind: false})
    expect(topology.haproxy).toMatchObject({retries: 3, redispatch: false, maxconn: 2000})
  })

  test('HAProxy goes among servers as theirs does, with their keepalives, and etcd fills up as theirs', () => {
    const {topology, text} = of(
      changed(
        ['haproxy.cfg', /^(listen \S+|backend \S+)\n/gm, '$1\n  balance leastconn\n'],
        ['haproxy.cfg', /^defaults\n/m, 'defaults\n  option tcpka\n'],
        ['e*.env', /$/, '\nETCD_QUOTA_BACKEND_BYTES=33554432\n'],
      ),
    )
    expect(topology.haproxy).toMatchObject({balance: 'leastconn', tcpka: true})
    expect(topology.etcd).toMatchObject({quotaBytes: 33_554_432})
    expect(text).toMatch(/balance: leastconn/)
    expect(text).toContain('etcd: {quota: "32MB"}')
  })

  test.each([
    [
      'a program that is not run',
      changed(['k1.conf', '/usr/bin/pgrep haproxy', 'curl -f localhost:8008/primary']),
      /^k1\.conf:1:1: the lab does not run keepalived: it asks who leads/,
    ],
    [
      'a mistake that the lab has not',
      changed(['n2.yml', 'name: n2', 'name: n1']),
      /n2\.yml:3:7: your cluster has this mistake, and the lab has not: two members of one name/,
    ],
    [
      'TLS',
      changed(['n*.yml', '  listen: 0.0.0.0:8008\n', '  listen: 0.0.0.0:8008\n  certfile: /etc/pki/a.crt\n']),
      /n1\.yml: the lab has TLS where yours has it, with certificates of its own/,
    ],
    [
      'another release',
      importable['printed by a role of Ansible']!,
      /yours is PostgreSQL 16; the lab runs PostgreSQL 17/,
    ],
  ])('%s is said', (_, texts, says) => {
    expect(of(texts).notModelled).toContainEqual(expect.stringMatching(says))
  })
})

describe('what a lab has once and theirs for each is said before all else, with its place:', () => {
  const server = (more: string) =>
    changed(['haproxy.cfg', /(server n3 10\.0\.0\.3:5432 check port 8008)/, `$1 ${more}`])
  test.each([
    ['disabled', server('disabled'), /^haproxy\.cfg:17:43: this server gets nobody until/],
    ['backup', server('backup'), /^haproxy\.cfg:17:43: this server gets clients only where no other is up/],
    ['weight 0', server('weight 0'), /^haproxy\.cfg:17:43: this server gets no new clients/],
    ['a limit of its own', server('maxconn 5'), /^haproxy\.cfg:17:43: this server gets so many clients/],
    [
      "a word of HAProxy's for which the lab has none",
      server('shard 5'),
      /^haproxy\.cfg:17:43: the lab has no `shard`/,
    ],
    [
      "a word that is not even HAProxy's",
      server('ours 5'),
      /^haproxy\.cfg:17:43: this word of a server is not in the lab/,
    ],
    [
      'a word of default-server',
      changed(['haproxy.cfg', 'inter 3s fall', 'backup inter 3s fall']),
      /^haproxy\.cfg:14:18: this server gets clients only where no other is up/,
    ],
    [
      'a server without check',
      changed(['haproxy.cfg', '10.0.0.2:5432 check port 8008', '10.0.0.2:5432']),
      /^haproxy\.cfg:16:3: this server without `check` is always up.*haproxy\/server-without-check/,
    ],
    ['times of its own', server('inter 60s'), /^haproxy\.cfg:17:3: inter, .* not what haproxy\.cfg:15:3 has/],
    [
      'a limit of an entry',
      changed(['haproxy.cfg', 'bind *:5000', 'bind *:5000\n  maxconn 20']),
      /^haproxy\.cfg:12:3: this entry lets in so many clients/,
    ],
    [
      'a limit in defaults',
      changed(['haproxy.cfg', 'mode tcp', 'mode tcp\n  maxconn 20']),
      /^haproxy\.cfg:5:3: this entry lets in so many clients/,
    ],
    [
      'every client rejected',
      changed(['haproxy.cfg', 'bind *:5000', 'bind *:5000\n  tcp-request connection reject']),
      /^haproxy\.cfg:12:3: every client is turned away here/,
    ],
    [
      'a third way in',
      changed([
        'haproxy.cfg',
        /$/,
        '\nlisten more\n  bind *:5002\n  option tcp-check\n  server n1 10.0.0.1:5432 check\n  server n2 10.0.0.2:5432 check\n',
      ]),
      /^haproxy\.cfg:28:1: port 5002: clients come in here, too, .* for writes is that of haproxy\.cfg:10:1 \(port 5000\), and .* reads that of haproxy\.cfg:19:1 \(port 5001\)/,
    ],
    [
      'another bootstrap.dcs',
      changed(['n2.yml', 'loop_wait: 10', 'loop_wait: 5']),
      /^n2\.yml:11:5: bootstrap\.dcs is not that of n1\.yml/,
    ],
    [
      'another watchdog',
      changed(['n2.yml', 'mode: required', 'mode: off']),
      /^n2\.yml:\d+:\d+: watchdog is not what n1/,
    ],
    [
      'TLS asked of one server only',
      server('check-ssl'),
      /^haproxy\.cfg:17:3: this server is never up, .*in the lab that is so of every server/,
    ],
  ])('%s', (_, texts, says) => {
    const {notModelled, assumed} = of(texts)
    const at = notModelled.findIndex(one => says.test(one))
    expect(notModelled.join('\n')).toMatch(new RegExp(says, 'm'))
    expect(at).toBeLessThan(notModelled.findIndex(one => one.startsWith('pgbouncer.ini:1:1:')))
    expect(assumed.filter(one => notModelled.includes(one))).toEqual([])
  })

  test('of two that differ no third is made', () => {
    const texts = changed(['n2.yml', 'loop_wait: 10', 'loop_wait: 10\n    synchronous_node_count: 2'])
    expect(of(texts).topology.dynamic).not.toHaveProperty('synchronous_node_count')
  })

  test('members without a file have what the first has, but for its tags, and that is said', () => {
    const {topology, assumed} = of(changed(['n2.yml'], ['n3.yml'], ['n1.yml', 'nofailover: false', 'nofailover: true']))
    expect(topology.tags).toEqual({node1: {nofailover: true}})
    expect(assumed).toContainEqual(
      'No patroni.yml is given of 2 of the 3 members: what n1.yml says holds for them, but for its tags.',
    )
    expect(of(right).assumed.join()).not.toMatch(/No patroni.yml/)
  })

  test('where a pooler stands that leads to a port of its own host which is a proxy and a PostgreSQL', () => {
    const texts = changed(['haproxy.cfg', 'bind *:5000', 'bind *:5432'], ['pgbouncer.ini', 'port=5000', 'port=5432'])
    const is = /^pgbouncer\.ini:3:7: this port .* is a proxy's and a PostgreSQL's: it is taken to stand beside a proxy/
    expect(of(texts).assumed).toContainEqual(expect.stringMatching(is))
    expect(of(right).assumed).not.toContainEqual(expect.stringMatching(is))
  })

  test('a member that is called as a word of the programs leaves that word in the redacted files', () => {
    const texts = changed(['n2.yml', 'name: n2', 'name: replica'], ['haproxy.cfg', /server n2 /g, 'server replica '])
    const redacted = [...of(texts).originals.values()].join('\n')
    expect(redacted).toMatch(/option httpchk OPTIONS \/replica/)
    expect(redacted).not.toMatch(/OPTIONS \/node/)
  })

  test('that no limit of an entry is kept is in the list of changes', () => {
    const {changes} = of(changed(['haproxy.cfg', 'bind *:5000', 'bind *:5000\n  maxconn 20']))
    expect(changes.filter(({what}) => what === 'maxconn').map(({how}) => how)).toEqual(['dropped'])
  })
})

test.each(['scope', 'namespace'])('members with another %s are two clusters, and refused with the place', key => {
  expect(() => of(changed(['n2.yml', new RegExp(`^${key}: .*$`, 'm'), `${key}: other`]))).toThrow(
    /^n2\.yml:\d:\d+: another (scope|namespace) than in n1\.yml: these are two clusters$/,
  )
})

describe('nothing that runs a program or leads outside is taken along:', () => {
  const {topology, changes, text} = of(importable['printed by a role of Ansible']!)

  test('programs have stand-ins, each with its place', () => {
    expect(topology.standIns).toEqual(['archive_command', 'restore_command', 'on_role_change', 'on_start'])
    expect(changes.filter(({how}) => how === 'stand-in').map(({what}) => what)).toEqual([
      'postgresql.callbacks.on_role_change',
      'postgresql.callbacks.on_start',
      'postgresql.recovery_conf.restore_command',
      'bootstrap.dcs.postgresql.parameters.archive_command',
    ])
  })

  test('what has a part in a failover is kept as it is written', () => {
    expect(topology.postgresParameters).toEqual({
      max_connections: '500',
      superuser_reserved_connections: '5',
      wal_keep_size: '8GB',
      wal_level: 'logical',
      archive_mode: 'on',
      archive_timeout: '1800s',
      wal_receiver_timeout: '30s',
      track_io_timing: 'on',
      idle_in_transaction_session_timeout: '10min',
    })
    expect(topology.patroni).toMatchObject({synchronousMode: 'on', slots: {reports: {type: 'physical'}}})
    expect(topology.dynamic).toMatchObject({synchronous_node_count: 1, use_slots: true})
    expect(topology.haproxy.checkReplicas).toBe('/replica?lag=100MB')
  })

  test('every other setting is in the list with a reason, and none twice', () => {
    const told = changes.map(({what}) => what)
    for (const what of [
      'bootstrap.dcs.slots.…',
      'bootstrap.dcs.postgresql.parameters.shared_buffers',
      'bootstrap.method',
    ])
      expect(told.filter(one => one === what)).toHaveLength(1)
    expect(changes.every(({why, places}) => why !== '' && places.length > 0)).toBe(true)
    expect(text).not.toContain('pgbackrest')
  })
})
