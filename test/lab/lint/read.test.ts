/** Each program's file as that program reads it, and what is no such file. */
import {mkdtempSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, relative} from 'node:path'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {answering} from '../../../lab/haproxy/check.ts'
import {checkTimings, proxiesOf} from '../../../lab/haproxy/proxies.ts'
import {readHaproxy} from '../../../lab/haproxy/read.ts'
import {lint} from '../../../lab/lint/lint.ts'
import {readKeepalived} from '../../../lab/lint/read/keepalived.ts'
import {patroniFile} from '../../../lab/lint/read/patroni.ts'
import {hbaOf, isLockedOut} from '../../../lab/lint/read/pg-hba.ts'
import {readPgbouncer} from '../../../lab/lint/read/pgbouncer.ts'
import {filesOf, readConfiguration, readFiles} from '../../../lab/lint/read/read.ts'
import {readYaml, type YamlNode} from '../../../lab/lint/read/yaml.ts'
import {nodeAt, scalarAt} from '../../../lab/lint/read/yaml-path.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {refusals} from '../../../lab/words/refusals.ts'
import {changed, found, right} from './cluster.ts'

const yaml = (text: string) => readYaml('p.yml', text)

function plain(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plain)
  return Object.fromEntries(node.entries.map(({key, value}) => [key, plain(value)]))
}

describe('YAML as PyYAML has it', () => {
  // Each of these was tried with PyYAML 6.
  test.each([
    ['on', true],
    ['Yes', true],
    ['off', false],
    ['y', 'y'],
    ['oN', 'oN'],
    ['~', null],
    ['', null],
    ['"on"', 'on'],
    ['!!str on', 'on'],
    ['0123456701', 21913025],
    ['08', '08'],
    ['0o17', '0o17'],
    ['0x1f', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['10:30', 630],
    ['-10', -10],
    ['1e3', '1e3'],
    ['1.0e+3', 1000],
    ['0.0.0.0:8008', '0.0.0.0:8008'],
    ['2001-01-01', '2001-01-01'],
    ["'it''s'", "it's"],
  ])('%s is %j', (written, value) => expect(scalarAt(yaml(`a: ${written}\n`).root, 'a')?.value).toBe(value))

  test('of a key that stands twice the last counts, and the first is remembered', () => {
    const {root, overridden} = yaml('a: 1\nb: 2\na: 3\n')
    expect(plain(root)).toEqual({b: 2, a: 3})
    expect(overridden).toEqual([{key: 'a', place: {file: 'p.yml', line: 1, column: 1}}])
  })

  test('anchors and merges are followed, and what is said beside them counts', () => {
    const {root} = yaml('base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\nagain: *b\n')
    expect(plain(root)).toMatchObject({own: {x: 1, y: 3}, again: {x: 1, y: 2}})
  })

  test('places are those of what is written', () => {
    const {root} = yaml('a:\n  - {b: 1,\n     c: "x"}\n')
    const list = nodeAt(root, 'a')
    expect(list?.kind === 'list' && scalarAt(list.items[0], 'c')?.place).toEqual({file: 'p.yml', line: 3, column: 9})
  })
})

test("haproxy.cfg: quotes, escapes and comments are HAProxy's own", () => {
  const file = readHaproxy(
    'h',
    'listen  a # one\n\tserver s 10.0.0.1:5432 check "port" 80\\ 08 #no\n option httpchk GET \'/a b\'\n',
  )
  expect(file.sections.map(({type, name}) => [type, name])).toEqual([['listen', 'a']])
  expect(file.sections[0]?.lines.map(({words}) => words.map(({text}) => text))).toEqual([
    ['server', 's', '10.0.0.1:5432', 'check', 'port', '80 08'],
    ['option', 'httpchk', 'GET', '/a b'],
  ])
  expect(file.sections[0]?.lines[0]?.words[4]?.place).toEqual({file: 'h', line: 2, column: 31})
})

test('a proxy has what its defaults say, of the sections above the one that counts, and what its frontend listens on', () => {
  const [proxy] = proxiesOf(
    readHaproxy(
      'h',
      `defaults one
  timeout connect 4s
  default-server inter 2s rise 1
defaults two
  timeout connect 9s
frontend in
  bind 10.0.0.9:5000,:5001
  default_backend out
backend out from one
  option httpchk
  http-check send meth GET uri /leader
  default-server fall 5
  server a [fd00::1]:5432 check port 8008 inter 500ms
`,
    ),
  )
  expect(proxy?.binds.map(({host, port}) => `${host}:${port}`)).toEqual(['10.0.0.9:5000', ':5001'])
  expect(proxy?.check).toMatchObject({by: 'httpchk', method: 'GET', path: '/leader'})
  expect(proxy?.servers[0]?.address).toMatchObject({host: 'fd00::1', port: 5432})
  expect(checkTimings(proxy!, proxy!.servers[0]!)).toMatchObject({
    interMs: 500,
    fastinterMs: 500,
    downinterMs: 500,
    fall: 5,
    rise: 1,
    connectTimeoutMs: 4000,
    checkTimeoutMs: 500,
    onMarkedDown: 'none',
  })
})

// Patroni, api.py: the order in which do_GET looks for words in the path, and the routes that have one of their own.
test.each([
  ['OPTIONS', '/', 'primary'],
  ['OPTIONS', '/master', 'primary'],
  ['OPTIONS', '/primary', 'primary'],
  ['GET', '/read-write', 'primary'],
  ['OPTIONS', 'OPTIONS/primary', 'primary'],
  ['GET', '/leader', 'leader'],
  ['GET', '/standby-leader', 'leader'],
  ['GET', '/replica?lag=1MB', 'replicas'],
  ['GET', '/async', 'replicas'],
  ['GET', '/sync', 'replicas'],
  ['GET', '/read-only', 'several'],
  ['GET', '/read-only-sync', 'several'],
  ['GET', '/health', 'several'],
  ['GET', '/liveness', 'several'],
  ['OPTIONS', '/liveness', 'nobody'],
  ['GET', '/prmary', 'nobody'],
] as const)('%s %s is answered with 200 by %s', (method, path, who) => expect(answering({method, path})).toBe(who))

test('pgbouncer.ini: a comment begins a line, and is a part of a value elsewhere', () => {
  const file = readPgbouncer(
    'i',
    "; one\n[databases]\n# two\napp = host=a,b port=6432 password='x y'\n[pgbouncer]\npool_mode=session ; three\n",
  )
  expect(file.settings.get('pool_mode')?.text).toBe('session ; three')
  expect([...(file.databases[0]?.options ?? [])]).toEqual([
    ['host', 'a,b'],
    ['port', '6432'],
    ['password', 'x y'],
  ])
})

test('keepalived.conf: a brace may stand on its own line, and a block on one', () => {
  const file = readKeepalived(
    'k',
    'vrrp_instance A\n{\n  state MASTER ! first\n  virtual_ipaddress { 10.0.0.1/24 dev eth0 }\n}\n',
  )
  expect(file.blocks[0]).toMatchObject({type: 'vrrp_instance', name: 'A', place: {line: 1}})
  expect(file.blocks[0]?.blocks[0]?.lines[0]?.[0]?.text).toBe('10.0.0.1/24')
})

describe('pg_hba', () => {
  const linesOf = (...lines: readonly string[]) => {
    const read = yaml(`name: a\npostgresql:\n  pg_hba:\n${lines.map(line => `  - '${line}'\n`).join('')}`)
    return hbaOf(patroniFile('p.yml', read, read.root as never))?.lines
  }
  const visitor = {database: 'replication', user: 'repl', address: '10.0.0.2'}
  test.each([
    [['host all all all md5'], true],
    [['host replication repl 10.0.0.0/30 md5'], false],
    [['host replication repl 10.0.0.1/32 md5'], true],
    [['host replication repl 10.0.0.0 255.255.255.0 md5'], false],
    [['host replication "repl" db.internal md5'], false],
    [['host all,replication all samenet md5'], false],
    [['local replication all peer'], true],
    [['host replication repl samehost md5'], true],
    [['host "replication" repl all md5'], true],
    [['host replication repl 10.0.0.2/32 reject', 'host replication all all md5'], true],
    // A line is for one family of addresses only.
    [['host replication repl fd00::/8 md5'], true],
    [['host replication repl ::/0 md5'], true],
    [['host replication repl 0.0.0.0/0 md5'], false],
    // Whether it comes with TLS is not known here.
    [['hostnossl replication all all reject', 'hostssl replication all all md5'], false],
  ])('of %j a replica is locked out: %s', (lines, out) =>
    expect(isLockedOut(linesOf(...lines) ?? [], visitor)).toBe(out),
  )
  test.each([
    ['fd00::/8', false],
    ['fe80::/10', true],
    ['10.0.0.0/8', true],
  ])('of a line for %s a replica at fd00::2 is locked out: %s', (network, out) =>
    expect(isLockedOut(linesOf(`host replication repl ${network} md5`) ?? [], {...visitor, address: 'fd00::2'})).toBe(
      out,
    ),
  )
  test('a line that is not understood says nothing', () => expect(linesOf('include extra.conf')).toBeUndefined())
})

describe('which program reads it', () => {
  test.each(Object.entries(right).map(([file, text]) => [file, text] as const))(
    '%s, also under another name',
    (file, text) => {
      expect(readConfiguration('x.txt', text).kind).toBe(readConfiguration(file, text).kind)
    },
  )
  test.each([
    ['ttl: 30\nloop_wait: 10\n', 'show-config'],
    ['ttl: 30\nscope: a\nname: b\n', 'patroni'],
    ['name: e1\ninitial-cluster: e1=http://10.0.0.1:2380\n', 'etcd'],
    ['global\n  maxconn 10\n', 'haproxy'],
  ])('%j', (text, kind) => expect(readConfiguration('x', text).kind).toBe(kind))
  test('what nothing tells is said by a person', () => {
    expect(() => readConfiguration('x.yml', 'a: 1\n')).toThrow(/--as KIND=FILE/)
    expect(readConfiguration('x.yml', 'a: 1\n', 'patroni').kind).toBe('patroni')
  })
})

const member = right['n1.yml']!
/** Of each refusal what is refused, where, and what looks like it and is read. */
const refused: Readonly<Record<string, {no: readonly (readonly [string, string])[]; yes: readonly string[]}>> = {
  'file/not-text': {
    no: [
      ['a: \0\n', '1:4'],
      ['name: \u001b[31mx\nscope: a\n', '1:7'],
      ['scope: \ufffd\n', '1:8'],
    ],
    yes: ['scope: ä\nname: \u{1f418}\n', '\ufeffscope: a\nname: b\n'],
  },
  'file/template': {
    no: [
      ['scope: a\nname: {{ x }}\n', '2:7'],
      ['{% if x %}\nscope: a\n', '1:1'],
      ['name: <%= x %>\n', '1:7'],
      ['listen a\n  server {{ h }} x\n', '2:10'],
      ['%{ for x in y ~}\nscope: a\n', '1:1'],
      [`scope: ${'$'}{patroni.scope}\n`, '1:8'],
    ],
    yes: ['# {{ x }}\nscope: a\nname: b\n', 'scope: a # {% x %}\nname: b\n'],
  },
  'file/wrapped': {
    no: [
      ['cat > p.yml <<EOF\nscope: a\nEOF\n', '1:1'],
      ['#!/bin/sh\nscope: a\n', '1:1'],
      ['apiVersion: v1\nkind: ConfigMap\n', '1:1'],
      ['- hosts: all\n  tasks: []\n', '1:1'],
      ['services:\n  db: {image: x}\n', '1:1'],
      ['```\nscope: a\n```\n', '1:1'],
      ['echo "\nscope: a\n', '1:1'],
    ],
    yes: [member],
  },
  'file/cut-off': {
    no: [
      ['scope: "a\nname: b\n', '2:8'],
      ['scope: a\ntags: {a: b\n', '2:12'],
      ['scope: a\nbootstrap:\n  dcs:\n    ttl: 30\n    maximum_lag', '5:5'],
      ['listen a\n  bind "*:5\n', '2:8'],
      ['vrrp_instance A {\n state X\n', '1:1'],
      ['ETCD_NAME="a\n', '1:11'],
      ['', '1:1'],
    ],
    yes: ['scope: a\nname: "b"'],
  },
  'file/yaml-tab': {
    no: [
      ['scope: a\t# x\nname: b\n', '1:9'],
      ['scope: a\nx:\n\tb: 1\n', '3:1'],
      ['scope:\ta\n', '1:7'],
    ],
    yes: ['scope: "a\tb"\nname: b #\tx\n', 'scope: a\nname: |\n  b\tc\n'],
  },
  'file/no-yaml': {
    no: [
      ['scope: a: b\n', '1:8'],
      ['scope: a\n---\nscope: b\n', '2:1'],
      ['restapi: {listen: *:8008}\nscope: a\n', '1:19'],
      ['scope: !!python/name:os.system\n', '1:8'],
      ['scope: &a [*a]\n', '1:12'],
      [`scope: ${'['.repeat(200)}${']'.repeat(200)}\n`, '1:68'],
    ],
    yes: ['%YAML 1.1\n---\nscope: a\nname: b\n...\n'],
  },
  'file/unread-tag': {
    no: [
      ['scope: !!binary aGVsbG8=\n', '1:8'],
      ['scope: !!str a\nx: &b !!set # c\n  {d, e}\n', '2:7'],
    ],
    yes: ['scope: !!str on\nname: b\n'],
  },
  'file/other-kind': {no: [], yes: [member]},
  'file/unknown-kind': {
    no: [
      ['a: 1\n', '1:1'],
      ['- a\n- b\n', '1:1'],
      ['hello\n', '1:1'],
      ['name: Report a bug\nlabels: [bug]\n', '1:1'],
    ],
    yes: [member],
  },
}

test('every refusal has examples', () =>
  expect(Object.keys(refused).toSorted()).toEqual(Object.keys(refusals).toSorted()))

describe.each(Object.entries(refusals))('%s', (id, {says}) => {
  test.each(refused[id]?.no ?? [])('refuses %j at %s', (text, place) => {
    expect(() => readConfiguration('f', text)).toThrow(`f:${place}: ${says}`)
  })
  test.each(refused[id]?.yes ?? [])('reads %j', text => expect(readConfiguration('f', text).kind).toBe('patroni'))
})

test('whatever stands in a file, it is refused in words or read, and every rule bears what was read', () => {
  const files = Object.keys(right)
  const bits = fc.constantFrom(
    ...' \n\t:-{}[]"\'#&*!|>%@,=0.',
    '<<',
    'null',
    '~',
    '- ',
    '  ',
    'listen',
    'default-server',
    'ETCD_',
  )
  const edit = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({min: 0, max: 1, noNaN: true}),
    cut: fc.nat(30),
    put: fc.array(bits, {maxLength: 3}),
  })
  fc.assert(
    fc.property(fc.array(edit, {minLength: 1, maxLength: 6}), edits => {
      const texts: Record<string, string> = {...right}
      for (const {file, at, cut, put} of edits) {
        const text = texts[file] ?? ''
        const begin = Math.floor(at * text.length)
        texts[file] = text.slice(0, begin) + put.join('') + text.slice(begin + cut)
      }
      const read = Object.entries(texts).flatMap(([file, text]) => {
        try {
          return [readConfiguration(file, text)]
        } catch (error) {
          expect(error).toBeInstanceOf(LabError)
          expect((error as LabError).message).toMatch(new RegExp(`^${file}:\\d+:\\d+: `))
          return []
        }
      })
      for (const {place} of lint(filesOf(read)).findings) expect(place.line * place.column).toBeGreaterThan(0)
    }),
    {numRuns: 400},
  )
})

test('a tag that PyYAML loads is not said to be none, but not read either', () => {
  const read = (text: string) => () => readConfiguration('p.yml', text)
  expect(read('scope: !!binary aGVsbG8=\n')).toThrow(
    /^p\.yml:1:\d+: PyYAML loads this, and it is not read here: it makes bytes of !!binary; write what is meant as a text/,
  )
  expect(read('scope: !!set {a, b}\n')).toThrow('it makes a set of !!set')
  expect(read('scope: !!python/name:os.system\n')).toThrow('PyYAML does not load the tag')
})

test('what is not UTF-8 is refused with the name that it was given by, its line and its column', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-'))
  const file = join(folder, 'latin1.yml')
  writeFileSync(file, Buffer.from('scope: a\nname: d\u00e4nemark\n', 'latin1'))
  const shown = relative(process.cwd(), file)
  expect(() => readFiles([{file: shown}])).toThrow(`${shown}:2:8: this is not UTF-8`)
})

test('what is near to an old name or one that is gone is led to what counts now', () => {
  const says = (from: string, to: string) =>
    found(changed(['n1.yml', from, to])).flatMap(({rule, says: all}) =>
      rule.id === 'patroni/unknown-key' ? [all] : [],
    )
  expect(says('  data_dir:', '  replica_method: [a]\n  data_dir:')[0]).toContain(
    'did you mean `create_replica_methods`?',
  )
  expect(says('    ttl:', '    master_start_timeot: 3\n    ttl:')[0]).toContain('did you mean `primary_start_timeout`?')
  expect(says('bootstrap:\n', 'bootstrap:\n  usrs: {}\n')[0]).not.toContain('`users`')
})

test.each(['keepalived', 'pgbouncer', 'etcd'] as const)(
  'what is said to be a file of %s is refused if nothing in it is',
  kind => {
    expect(() => readConfiguration('n1.yml', member, kind)).toThrow(
      `n1.yml:1:1: it is no file of the program that it is said to be (${kind})`,
    )
    const own = {keepalived: 'k1.conf', pgbouncer: 'pgbouncer.ini', etcd: 'e1.env'}[kind]
    expect(readConfiguration(own, right[own]!, kind).kind).toBe(kind)
  },
)
