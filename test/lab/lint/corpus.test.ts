/** Files of the shapes that are met: right ones get no error, the four sets their right answers, the guides' mistakes are found. */
import {globSync, readdirSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {LabError} from '../../../lab/words/errors.ts'
import {changed, found, type Texts, told} from './cluster.ts'
import {guides} from './guides.ts'

const configs = join(import.meta.dirname, '..', '..', 'cases', 'configs')

function textsIn(folder: string, files = '*'): Texts {
  const names = globSync(files, {cwd: join(configs, folder)}).filter(name => !name.startsWith('expect.'))
  return Object.fromEntries(names.toSorted().map(name => [name, readFileSync(join(configs, folder, name), 'utf8')]))
}

const errorsOf = (texts: Texts) => told(texts).filter(line => line.startsWith('error'))

describe('right files', () => {
  const all = readdirSync(join(configs, 'right'))
  test('stand there in every kind', () => expect(all.length).toBeGreaterThan(6))
  test.each(all)('%s gets no error by itself', file => expect(errorsOf(textsIn('right', file))).toEqual([]))
  test('get none as one cluster', () => {
    const cluster = textsIn('right', '{colocated,poolers,pgbouncer,etcd,keepalived}*')
    expect(Object.keys(cluster).length).toBe(5)
    expect(errorsOf(cluster)).toEqual([])
  })
})

interface Expected {
  readonly refuse: {readonly words: string; readonly file: string; readonly line: number} | null
  readonly findings: readonly {
    readonly rule: string
    readonly severity: string
    readonly file: string
    readonly line: number
  }[]
}

describe.each(readdirSync(configs).filter(name => /^\d/.test(name)))('the set %s', set => {
  const expected = JSON.parse(readFileSync(join(configs, set, 'expect.json'), 'utf8')) as Expected
  const texts = textsIn(set)
  test('gets exactly what is right to say of it', () => {
    if (expected.refuse === null) {
      const right = expected.findings.map(({rule, severity, file, line}) => `${severity} ${rule} ${file}:${line}`)
      expect(told(texts).toSorted()).toEqual(right.toSorted())
    } else expect(() => told({[expected.refuse!.file]: texts[expected.refuse!.file]!})).toThrow(LabError)
  })
})

test('a template is refused at its first mark, and is told to be one', () => {
  expect(() => told(textsIn('11-REFUSE-template-not-rendered', 'patroni.yml.j2'))).toThrow(
    'patroni.yml.j2:3:7: it is a template that was not rendered ({{ ... }}): give the rendered file',
  )
})

describe.each(Object.entries(guides))('of %s', (_, {texts, mistakes}) => {
  test('the known mistakes are found, and no other error', () => {
    const ids = new Set(found(texts).map(({rule}) => rule.id))
    expect([...ids]).toEqual(expect.arrayContaining([...mistakes]))
    const errors = found(texts).filter(({rule}) => rule.severity === 'error')
    expect(errors.map(({rule}) => rule.id).filter(id => !mistakes.includes(id))).toEqual([])
  })
})

describe('what a naive lint gets wrong', () => {
  test.each([
    [
      'use_pg_rewind without checksums or wal_log_hints: Patroni sets wal_log_hints by itself',
      changed(['n*.yml', 'use_pg_rewind: true', 'use_pg_rewind: yes']),
    ],
    [
      'a bare option httpchk asks for /, which is the primary',
      changed(['haproxy.cfg', 'httpchk OPTIONS /primary', 'httpchk']),
    ],
    ['/master', changed(['haproxy.cfg', '/primary', '/master'])],
    ['no http-check expect', changed(['haproxy.cfg', /^ {2}http-check expect .*\n/gm, ''])],
    ["no mode: tcp is HAProxy's own", changed(['haproxy.cfg', '  mode tcp\n', ''])],
    ['inter 2000', changed(['haproxy.cfg', /inter 3s/g, 'inter 2000'])],
    [
      "Patroni's own timings left out",
      changed(['n*.yml', /^ {4}(ttl|loop_wait|retry_timeout|maximum_lag_on_failover): .*\n/gm, '']),
    ],
    ['the check of a pooler, whose port is another one', changed(['haproxy.cfg', /:5432/g, ':6432'])],
    [
      '{{ }} in a comment',
      changed(
        ['haproxy.cfg', 'defaults\n', '# {{ ansible_managed }}\ndefaults\n'],
        ['n*.yml', 'scope:', '# {% raw %}\nscope:'],
      ),
    ],
    [
      `unquoted ${'$'}{X} in the address of a server`,
      changed(['haproxy.cfg', /10\.0\.0\.3:5432/g, `${'$'}{DB3}:5432`], ['n3.yml']),
    ],
    [
      'on-marked-down on a port for reading',
      changed(['haproxy.cfg', /rise 2$/m, 'rise 2 on-marked-down shutdown-sessions']),
    ],
    [
      'a user whose name comes from the environment',
      changed(
        ['n*.yml', 'username: repl', 'username: "%REPL%"'.replaceAll('%', '$')],
        ['n*.yml', /- host replication repl.*/, '- host replication replicator 10.0.0.0/24 md5'],
      ),
    ],
    ['a comma at the end of initial-cluster', changed(['e*.env', ':2380"', ':2380,"'])],
    ['a file with the line ends of Windows', changed(['*', /\n/g, '\r\n'])],
  ])('%s', (_, texts) => expect(told(texts)).toEqual([]))
})

test('what is the same in a set of files is told with each place', () => {
  const texts = textsIn('04-retry-timeout-too-long')
  expect(found(texts).map(({place}) => basename(place.file))).toEqual(['alpha1.yml', 'alpha2.yml', 'alpha3.yml'])
  expect(new Set(found(texts).map(({says}) => says)).size).toBe(1)
})
