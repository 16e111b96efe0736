import {mkdtempSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {
  type ParameterEngine,
  refusedOrUnasked,
  refusedParameters,
  writtenParameters,
} from '../../../lab/engine/parameters.ts'
import {examineTopology, loadTopology, parseTopology, readTopology} from '../../../lab/topology/topology-file.ts'
import {LabError} from '../../../lab/words/errors.ts'

/** Answers as PostgreSQL 17 does. */
class Engine implements ParameterEngine {
  readonly asked: (readonly string[])[] = []
  containers = 0
  left = 0
  image = true

  async hasImage() {
    return this.image
  }
  async throwaway() {
    this.containers++
    this.left++
    return {
      id: 'c1',
      [Symbol.asyncDispose]: async () => {
        this.left--
      },
    }
  }
  async run(_id: string, argv: readonly string[], {user}: {user?: string} = {}) {
    expect(user).toBe('postgres')
    this.asked.push(argv)
    if (argv.includes('--describe-config'))
      return {code: 0, out: 'max_connections\tpostmaster\twhat\nwork_mem\tuser\twhat', err: ''}
    const refused = argv.find(one => Object.hasOwn(answers, one))
    const says = answers[refused ?? '']
    return says === undefined ? {code: 0, out: '170000', err: ''} : {code: 1, out: '', err: says}
  }
}

const at = '2026-11-27 04:06:01.549 GMT [10]'
const answers: Readonly<Record<string, string>> = {
  'max_conections=1': `${at} FATAL:  unrecognized configuration parameter "max_conections"`,
  'max_connections=abc': `${at} FATAL:  invalid value for parameter "max_connections": "abc"`,
  'work_mem=4XB': `${at} FATAL:  invalid value for parameter "work_mem": "4XB"\n${at} HINT:  Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`,
  'config_file=/x': 'postgres: could not access the server configuration file "/x": No such file or directory',
}

describe('parameters', () => {
  test('that PostgreSQL takes cost one container and one question', async () => {
    const engine = new Engine()
    expect(await refusedParameters(engine, 'host', {work_mem: '4MB', 'my.own': 'a b'})).toEqual([])
    expect([engine.containers, engine.left, engine.asked.length]).toEqual([1, 0, 1])
    expect(engine.asked[0]).toEqual(expect.arrayContaining(['-c', 'work_mem=4MB', '-c', 'my.own=a b']))
  })

  test('that nobody wrote cost none', async () => {
    const engine = new Engine()
    expect(await refusedParameters(engine, 'host', {})).toEqual([])
    expect(engine.containers).toBe(0)
    expect(writtenParameters(loadTopology({profile: 'fast'}))).toEqual({})
    expect(writtenParameters(loadTopology({profile: 'fast', set: ['postgresql.parameters.work_mem=1MB']}))).toEqual({
      work_mem: '1MB',
    })
  })

  test('that it refuses are told all, in its own words, and with the name that was meant', async () => {
    const engine = new Engine()
    const refused = await refusedParameters(engine, 'host', {
      max_conections: '1',
      wal_sender_timeout: '5s',
      max_connections: 'abc',
      work_mem: '4XB',
      config_file: '/x',
    })
    expect(refused).toEqual([
      {
        name: 'max_conections',
        says: 'unrecognized configuration parameter "max_conections", did you mean `max_connections`?',
      },
      {name: 'max_connections', says: 'invalid value for parameter "max_connections": "abc"'},
      {
        name: 'work_mem',
        says: 'invalid value for parameter "work_mem": "4XB" (Valid units for this parameter are "B", "kB", "MB", "GB", and "TB")',
      },
      {
        name: 'config_file',
        says: 'could not access the server configuration file "/x": No such file or directory',
      },
    ])
    expect([engine.containers, engine.left]).toEqual([1, 0])
  })

  test('are not called right where PostgreSQL could not be asked', async () => {
    const engine = new Engine()
    engine.image = false
    await expect(refusedParameters(engine, 'host', {work_mem: '4MB'})).rejects.toThrow('the image host is not here')
    expect(await refusedOrUnasked(engine, 'host', {work_mem: '4MB'})).toEqual({
      refused: [],
      unasked: 'the image host is not here',
    })
    engine.image = true
    engine.run = async () => ({code: 127, out: '', err: 'exec: no such file'})
    await expect(refusedParameters(engine, 'host', {work_mem: '4MB'})).rejects.toThrow('exec: no such file')
    expect(engine.left).toBe(0)
  })
})

test('what PostgreSQL refuses is told with the --set that it came from', () => {
  const refused = [
    {name: 'work_mem', says: 'no'},
    {name: 'max_connections', says: 'neither'},
  ]
  const {mustTake} = readTopology({
    set: ['postgresql.parameters.work_mem=4XB', 'profile=fast', 'postgresql.parameters.max_connections=abc'],
  })
  expect(() => mustTake([])).not.toThrow()
  const told = thrown(() => mustTake(refused))
  expect(told.exitCode).toBe(2)
  expect(told.message.split('\n')).toEqual([
    '--set postgresql.parameters.work_mem=4XB: PostgreSQL says: no',
    '--set postgresql.parameters.max_connections=abc: PostgreSQL says: neither',
  ])
})

test('and with its place in the file', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'pgha-parameters-')), 'lab.yaml')
  writeFileSync(file, 'postgresql:\n  parameters:\n    max_connections: abc\n    wrok_mem: 4MB\n')
  const {mustTake} = readTopology({topology: file, set: ['postgresql.parameters.fsync=x']})
  const told = (...names: readonly string[]) =>
    thrown(() => mustTake(names.map(name => ({name, says: 'no'})))).message.split('\n')
  expect(told('wrok_mem', 'fsync', 'max_connections')).toEqual([
    `${file}:3:5: PostgreSQL says: no`,
    `${file}:4:5: PostgreSQL says: no`,
    '--set postgresql.parameters.fsync=x: PostgreSQL says: no',
  ])
  expect(told('wrok_mem')).toEqual([`${file}:4:5: PostgreSQL says: no`, '      wrok_mem: 4MB', '      ^'])
})

test('and all at once with what else is wrong, in the file and on the command line', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'pgha-parameters-')), 'lab.yaml')
  writeFileSync(
    file,
    'profile: fats\npostgresql:\n  data_size: 1GBB\n  parameters:\n    max_connections: abc\n    work mem: 4MB\nhosts: {node1: [etdc]}\n',
  )
  const set = ['patroni.tll=5s', 'postgresql.parameters.fsync=x']
  const {topology, parameters, mustTake} = examineTopology({topology: file, profile: 'fsat', set})
  expect(topology).toBeUndefined()
  expect(parameters).toEqual({max_connections: 'abc', fsync: 'x'})
  const lines = thrown(() => mustTake(['max_connections', 'fsync'].map(name => ({name, says: 'no'})))).message.split(
    '\n',
  )
  const places = lines.map(line => line.replace(file, 'lab.yaml').replace(/: .*/, ''))
  expect(places).toEqual([
    'lab.yaml:1:10',
    'lab.yaml:3:14',
    'lab.yaml:5:5',
    'lab.yaml:6:5',
    'lab.yaml:7:17',
    '--set patroni.tll=5s',
    '--profile fsat',
    '--set postgresql.parameters.fsync=x',
  ])
})

test('timings that Patroni would change are told beside mistakes of other parts', () => {
  expect(() => readTopology({set: ['patroni.ttl=10s', 'patroni.tll=5s']})).toThrow(
    /^--set patroni\.tll=5s: unknown key/,
  )
  expect(() => parseTopology('lab.yaml', 'patroni: {ttl: 10s}\nhosts: {node1: [etdc]}\n')).toThrow(
    /^lab\.yaml:1:16: Patroni would silently use[^\n]*\nlab\.yaml:2:17: a service is one of/,
  )
})

function thrown(act: () => void): LabError {
  try {
    act()
  } catch (error) {
    if (error instanceof LabError) return error
  }
  throw new Error('it was taken')
}
