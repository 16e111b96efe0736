import {spawnSync} from 'node:child_process'
import {createServer} from 'node:net'
import {expect, test} from 'vitest'
import type {Dial} from '../../../lab/breaking/cuts.ts'
import {answersOf, askScript} from '../../../lab/breaking/paths.ts'

const to = (port: number): Dial => ({from: 'node1', to: 'node2', port})

test('an answer is told from a refusal and from silence, in whatever order they come', () => {
  expect(answersOf([to(1), to(2), to(3)], '2 124\n0 0\n1 1')).toEqual([
    {...to(1), answer: 'open'},
    {...to(2), answer: 'refused'},
    {...to(3), answer: 'silent'},
  ])
})

test('a connection that nobody tells of has no answer', () => {
  expect(answersOf([to(1), to(2)], '1 0\n')).toEqual([{...to(2), answer: 'open'}])
  expect(answersOf([to(1)], '')).toEqual([])
})

test('the script finds a port that listens open, and one that does not refused', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  try {
    const {port} = server.address() as {port: number}
    const attempts = [to(port), to(1)]
    const {stdout} = spawnSync('sh', ['-c', askScript({node2: '127.0.0.1'}, attempts, 2)], {encoding: 'utf8'})
    expect(answersOf(attempts, stdout).map(one => one.answer)).toEqual(['open', 'refused'])
  } finally {
    server.close()
  }
})
