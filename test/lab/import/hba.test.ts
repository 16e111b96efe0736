/** Whom somebody's PostgreSQL locks out the lab's locks out: lines of pg_hba with the lab's users and addresses, in their order. */
import {describe, expect, test} from 'vitest'
import {render} from '../../../compose/render.ts'
import {importFrom} from '../../../lab/import/import.ts'
import {hbaLine} from '../../../lab/topology/hba.ts'
import {parseTopology} from '../../../lab/topology/topology-file.ts'
import {allocation, owner, patroniYml} from '../../compose/a-lab.ts'
import {byName, type Change, changed, type Texts} from '../lint/cluster.ts'
import {importable} from './shapes.ts'

const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))
const theirs = / {8}- local all all peer\n[\s\S]*?(?=postgresql:\n {2}listen)/
const linesOf = (...lines: readonly string[]): Change => [
  'n*.yml',
  theirs,
  lines.map(line => `        - ${line}\n`).join(''),
]
const withHba = (...lines: readonly string[]) => changed(linesOf(...lines))
/** Of members of which no file says the addresses. */
const namedHba = (...lines: readonly string[]) => changed(...byName, linesOf(...lines))
const hba = (texts: Texts) => of(texts).topology.hba?.map(one => hbaLine(one))
const tls = (ssl: 'on' | 'off', ...lines: readonly string[]) => {
  const texts = withHba(...lines)
  return Object.fromEntries(
    Object.entries(texts).map(([file, text]) => [
      file,
      text.replace('max_connections: 200', `max_connections: 200\n        ssl: '${ssl}'`),
    ]),
  )
}

describe('a line becomes', () => {
  test.each<[string, Texts, readonly string[]]>([
    [
      'one with the users of the lab',
      withHba(
        'host replication repl 10.0.0.0/24 md5',
        'host postgres rewinder 10.0.0.0/24 scram-sha-256',
        'host shop shopper 0.0.0.0/0 password',
      ),
      ['host replication replicator all md5', 'host postgres rewinder all scram-sha-256', 'host app app all password'],
    ],
    [
      'as many as it has users and databases',
      withHba('host replication,postgres repl,rewinder all trust'),
      [
        'host replication replicator all trust',
        'host replication rewinder all trust',
        'host postgres replicator all trust',
        'host postgres rewinder all trust',
      ],
    ],
    [
      'one for the members that it is for',
      withHba('host replication repl 10.0.0.1/32 md5', 'host replication repl 10.0.0.2 255.255.255.255 md5'),
      ['host replication replicator node1 md5', 'host replication replicator node2 md5'],
    ],
    [
      'one for clients where its addresses are no single member',
      withHba('host all all 192.168.0.0/16 md5'),
      ['host all app all md5'],
    ],
    [
      'one for the pooler beside',
      withHba('host all all 127.0.0.1/32 trust', 'host all all samehost trust'),
      ['host all all 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 trust'],
    ],
    ['one that turns away', withHba('host replication all all reject'), ['host replication all all reject']],
    [
      'none where it turns away addresses of which nobody knows whose they are',
      withHba('host all shopper 192.168.0.0/16 reject'),
      [],
    ],
    [
      'none for TLS where no file has TLS, and replicas come without',
      withHba('hostssl all all all md5', 'host replication repl 10.0.0.0/24 md5'),
      ['host replication replicator all md5'],
    ],
    ['none for TLS where TLS is off', tls('off', 'hostssl all all all md5'), []],
    [
      'one for TLS where no file says it, and replicas come by no other',
      withHba('hostssl replication repl 10.0.0.0/24 md5', 'hostnossl all all all reject', 'hostssl all all all md5'),
      ['host replication replicator all md5', 'host all all all md5'],
    ],
    [
      'one for the user whose name fits a pattern',
      withHba('host replication /^re.*$ 10.0.0.0/24 md5'),
      ['host replication replicator all md5', 'host replication rewinder all md5'],
    ],
    [
      'one for replication where a group is let in for that',
      withHba('host replication +group1 10.0.0.0/24 md5'),
      ['host replication replicator all md5'],
    ],
    [
      'one for a database of that name where a word of PostgreSQL is in quotes',
      withHba('host "replication" repl 10.0.0.0/24 md5'),
      ['host app replicator all md5'],
    ],
    ['one for TLS only where it is on', tls('on', 'hostssl all all all md5'), ['hostssl all all all md5']],
    [
      'one that turns away who comes without TLS',
      tls('on', 'hostnossl all all all reject', 'host all all all md5'),
      ['hostnossl all all all reject', 'host all all all md5'],
    ],
    ['none for a socket or IPv6', withHba('local all all peer', 'host all all ::/0 md5'), []],
  ])('%s', (_, texts, lines) => {
    expect(hba(texts)).toEqual(lines)
  })

  test('the loopback address where a pooler beside comes by a socket', () => {
    const [haproxy, pooler] = [
      changed(['haproxy.cfg', /:5432 check/g, ':6432 check']),
      '[databases]\n* = host=/run/postgresql\n',
    ]
    const lines = withHba('local all postgres peer', 'local all all md5')
    const texts = {...lines, 'haproxy.cfg': haproxy['haproxy.cfg']!, 'pgbouncer.ini': pooler}
    expect(hba(texts)).toEqual(['host all all 127.0.0.1/32 md5'])
    expect(hba({...lines, 'haproxy.cfg': haproxy['haproxy.cfg']!})).toEqual([])
  })

  test('without a user of its own pg_rewind comes as the superuser does', () => {
    const texts = changed(
      ['n*.yml', / {4}rewind: .*\n/, ''],
      ['n*.yml', theirs, '        - host all postgres 10.0.0.0/24 md5\n'],
    )
    expect(hba(texts)).toEqual(['host all rewinder all md5'])
  })
})

describe('who is locked out stays so:', () => {
  const lines = (texts: Texts) => {
    const {topology} = of(texts)
    return patroniYml(render(topology, allocation({}, topology), owner)).postgresql.pg_hba as string[]
  }

  test('a replica on one host', () => {
    const found = lines(
      withHba('host replication repl 10.0.0.1/32 md5', 'host replication repl 10.0.0.2/32 md5', 'host all all all md5'),
    )
    expect(found.slice(-4)).toEqual([
      'host all postgres all scram-sha-256',
      'host replication replicator 10.213.7.11/32 md5',
      'host replication replicator 10.213.7.12/32 md5',
      'host all all all md5',
    ])
  })

  test('pg_rewind', () => {
    const texts = withHba('host replication repl 10.0.0.0/24 md5', 'host shop all 10.0.0.0/8 md5')
    expect(lines(texts).slice(-2)).toEqual(['host replication replicator all md5', 'host app all all md5'])
    const {notModelled} = of(texts)
    expect(notModelled.filter(one => one.includes('hba-no-rewind'))).toEqual([])
  })

  test('and a lab that nobody says it of lets in all of its users', () => {
    const topology = parseTopology('lab.yaml', 'profile: fast')
    const found = patroniYml(render(topology, allocation({}, topology), owner)).postgresql.pg_hba as string[]
    expect(found.slice(-2)).toEqual(['host replication replicator all scram-sha-256', 'host all all all scram-sha-256'])
  })
})

describe('a line for a name', () => {
  const isUnknown = (texts: Texts) => of(texts).notModelled.filter(one => one.includes('this name no file says'))

  test.each<[string, Texts, readonly string[]]>([
    [
      'that a member says is its own is for that member alone',
      namedHba('host replication repl db2.example.org md5'),
      ['host replication replicator node2 md5'],
    ],
    [
      'is for that member also where the proxy knows it by its address',
      changed(
        linesOf('host replication repl DB2.example.org md5'),
        ['n2.yml', /connect_address: 10\.0\.0\.2:5432/, 'connect_address: db2.example.org:5432'],
        ['n2.yml', /connect_address: 10\.0\.0\.2:8008/, 'connect_address: 10.7.0.2:8008'],
      ),
      ['host replication replicator node2 md5'],
    ],
    [
      "of a member's REST API, too",
      changed(linesOf('host replication repl db3.example.org md5'), [
        'n3.yml',
        'connect_address: 10.0.0.3:8008',
        'connect_address: db3.example.org:8008',
      ]),
      ['host replication replicator node3 md5'],
    ],
    [
      'of a domain is for the members in it, and for clients',
      namedHba('host all,replication all .example.org md5'),
      ['host all all all md5', 'host replication all all md5'],
    ],
    [
      'that turns away turns away that member',
      namedHba('host replication repl db2.example.org reject', 'host replication repl all md5'),
      ['host replication replicator node2 reject', 'host replication replicator all md5'],
    ],
  ])('%s', (_, texts, lines) => {
    expect(hba(texts)).toEqual(lines)
    expect(isUnknown(texts)).toEqual([])
  })

  test('of which no file says whose it is is for every member, and that is said', () => {
    const texts = namedHba('host replication repl elsewhere.example.org md5')
    expect(hba(texts)).toEqual(['host replication replicator all md5'])
    expect(isUnknown(texts)).toHaveLength(1)
  })
})

describe('lines for single addresses of which no file says whose they are', () => {
  const healthier = (texts: Texts) => of(texts).notModelled.filter(one => one.includes('locked out'))

  test('lock out members where they are too few, which the lab has not: that is said with the count', () => {
    const texts = namedHba('host replication repl 172.20.20.211/32 md5', 'host all all 0.0.0.0/0 md5')
    expect(hba(texts)).toEqual(['host replication replicator all md5', 'host all all all md5'])
    expect(healthier(texts)).toEqual([
      'n1.yml:21:11: pg_hba lets replicas in from 1 address alone, no file says whose, and 3 members have to come: at least 2 are locked out, and in the lab none is. `host replication replicator node3 reject` as the first line of postgresql.pg_hba in the lab.yaml locks node3 out (pg_hba).',
    ])
  })

  test('the same for pg_rewind', () => {
    const texts = namedHba('host replication repl all md5', 'host all rewinder 172.20.20.211/32 md5')
    expect(healthier(texts)).toEqual([
      expect.stringMatching(
        /^n1\.yml:22:11: pg_hba lets pg_rewind in from 1 address.*`host postgres rewinder node3 reject`/,
      ),
    ])
  })

  test('are enough where there is one for each', () => {
    const texts = namedHba(...[1, 2, 3].map(one => `host replication repl 172.20.20.${one}/32 md5`))
    expect(healthier(texts)).toEqual([])
    expect(of(texts).assumed).toContainEqual(expect.stringMatching(/single addresses .* are taken to be for every/))
  })

  test('are not for who has another address', () => {
    // Of n3 alone no file says the address.
    const texts = changed(
      linesOf('host replication repl 10.0.0.1/32 md5', 'host replication repl 10.0.0.2/32 md5'),
      ['n3.yml', /connect_address: 10\.0\.0\.3:/g, 'connect_address: db3.example.org:'],
      ['haproxy.cfg', /10\.0\.0\.3/g, 'db3.example.org'],
    )
    expect(hba(texts)).toEqual(['host replication replicator node1 md5', 'host replication replicator node2 md5'])
    expect(healthier(texts)).toEqual([])
  })
})

describe('what the lab has not is said, with its place:', () => {
  test.each<[string, Texts, RegExp]>([
    [
      'a certificate',
      tls('on', 'hostssl replication repl all cert'),
      /^n1\.yml:22:11: who comes has to prove it otherwise than by a password/,
    ],
    [
      'a certificate beside',
      tls('on', 'hostssl all all all md5 clientcert=verify-full'),
      /^n1\.yml:22:11: who comes has to prove/,
    ],
    ['LDAP', withHba('host all all all ldap ldapserver=x'), /^n1\.yml:21:11: who comes has to prove it otherwise/],
    [
      'who comes without TLS',
      tls('on', 'hostnossl all all all md5'),
      /^n1\.yml:22:11: only without TLS is anybody let in/,
    ],
    [
      'members that differ',
      changed(['n2.yml', '- host all all 10.0.0.0/8', '- host all all 10.9.0.0/16']),
      /^n2\.yml:\d+:\d+: pg_hba is not what n1\.yml has/,
    ],
    [
      'lines that are not known',
      withHba('include /etc/more'),
      /^n1\.yml:20:7: pg_hba of yours is not all lines that are known here/,
    ],
    [
      'lines of each role',
      changed(['n*.yml', '  data_dir: /srv/pg', '  data_dir: /srv/pg\n  pg_hba_primary: [local all all peer]']),
      /^n1\.yml:\d+:\d+: pg_hba of yours is not all lines/,
    ],
  ])('%s', (_, texts, says) => {
    expect(of(texts).notModelled.join('\n')).toMatch(new RegExp(says, 'm'))
  })

  test('that no file has one is said, and so is what a network is taken for', () => {
    expect(of(changed(['n*.yml', / {6}pg_hba:\n[\s\S]*?(?=postgresql:\n {2}listen)/, ''])).assumed).toContain(
      'No file says pg_hba: all users of the lab are let in, from everywhere.',
    )
    expect(of(importable['names in DNS']!).assumed).toContainEqual(
      expect.stringMatching(/lines of pg_hba for networks/),
    )
  })
})

test('every line is kept, or in the list with a reason', () => {
  const {changes} = of(withHba('local all all peer', 'host replication repl 10.0.0.0/24 md5'))
  expect(changes.filter(({what}) => what === 'pg_hba').map(({how, why}) => `${how}: ${why}`)).toEqual([
    "dropped: sockets are the lab's own",
    "kept otherwise: users and addresses are the lab's own",
  ])
})

describe('a lab.yaml has lines of its own,', () => {
  const file = (line: string) => `postgresql:\n  pg_hba:\n    - ${line}\n`
  test('which Patroni gets with the addresses of hosts', () => {
    const topology = parseTopology('lab.yaml', file('host replication replicator node2 reject'))
    const found = patroniYml(render(topology, allocation({}, topology), owner)).postgresql.pg_hba as string[]
    expect(found.at(-1)).toBe('host replication replicator 10.213.7.12/32 reject')
  })

  test.each([
    ['host all all node9 md5', /^lab\.yaml:3:7: node9 is no host of this lab/],
    ['host all all 10.0.0.0/8 md5', /^lab\.yaml:3:7: .*a line of pg_hba is `TYPE DATABASE USER ADDRESS METHOD`/],
    ['host all postgres all reject', /^lab\.yaml:3:7: .*a line of pg_hba is/],
    ['local all all peer', /^lab\.yaml:3:7: .*a line of pg_hba is/],
  ])('and %s is refused with its place', (line, says) => {
    expect(() => parseTopology('lab.yaml', file(line))).toThrow(says)
  })
})
