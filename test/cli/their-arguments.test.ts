import {expect, test} from 'vitest'
import {withTheirOwn} from '../../cli/their-arguments.ts'

const split = (...args: string[]) => withTheirOwn(['node', 'pgha-lab', ...args]).slice(2)

test("what is psql's own goes to psql, options that both have included", () => {
  expect(split('psql', '-c', 'select 1')).toEqual(['psql', '--', '-c', 'select 1'])
  expect(split('psql', '--name', 'two', '--replica', '-Atc', 'select 1', '-n')).toEqual([
    ...['psql', '--name', 'two', '--replica', '--', '-Atc', 'select 1', '-n'],
  ])
  expect(split('psql', '--host=node2', '--csv')).toEqual(['psql', '--host=node2', '--', '--csv'])
})

test("what only we have is ours also behind what is psql's own, but not as the value of an option", () => {
  expect(split('psql', '-c', 'select 2', '--name', 's15a')).toEqual(['psql', '--name', 's15a', '--', '-c', 'select 2'])
  expect(split('psql', '-Atc', 'select 2', '--replica', '--name=b', '-x')).toEqual([
    ...['psql', '--replica', '--name=b', '--', '-Atc', 'select 2', '-x'],
  ])
  expect(split('psql', '-c', '--name')).toEqual(['psql', '--', '-c', '--name'])
  expect(split('psql', '-c', 'x', '--', '--name', 'b')).toEqual(['psql', '--', '-c', 'x', '--', '--name', 'b'])
})

test('what is ours, and what is marked already, stays as it is', () => {
  for (const args of [
    ['psql'],
    ['psql', '-n', 'two', '--url'],
    ['psql', '--', '-c', 'x'],
    ['psql', '--help'],
    ['status', '-a'],
  ])
    expect(split(...args)).toEqual(args)
})

test.each(['patronictl', 'etcdctl', 'haproxy', 'pgbouncer'])(
  "what is %s's own goes to it, and what it has not is ours",
  name => {
    expect(split(name, 'list', '-e')).toEqual([name, '--', 'list', '-e'])
    expect(split('--allow-remote', name, '--host', 'node2', 'get', '--prefix', '-n', '--name', 'two')).toEqual([
      ...['--allow-remote', name, '--host', 'node2', '--name', 'two', '--', 'get', '--prefix', '-n'],
    ])
    expect(split(name, '--help')).toEqual([name, '--help'])
  },
)

test('the word of a program that is the argument of another command is left alone', () => {
  for (const args of [
    ['shell', 'node1', 'psql', '-c', 'x'],
    ['logs', 'etcdctl'],
    ['help', 'psql'],
  ])
    expect(split(...args)).toEqual(args)
})
