import {expect, test} from 'vitest'
import {seatProcess} from '../../../lab/suite/seat-process.ts'

const never = new AbortController().signal

/** A seat's process that does with the words of each command what a test says. */
const seat = (does: string) =>
  seatProcess([
    process.execPath,
    '--eval',
    `let nth = 0
    const answer = (exitCode, stdout = '') => process.send({exitCode, stdout, stderr: ''})
    process.on('disconnect', () => process.exit())
    process.on('message', ({words}) => { nth++; ${does} })`,
    '--',
  ])

test('all commands have one process, and each its own answer', async () => {
  await using run = seat("answer(words.length, process.pid + ' ' + nth + ' ' + words.join(' '))")
  const [first, second] = [await run(['up'], never), await run(['chaos', 'kill-leader'], never)]
  const [pid] = first.stdout.split(' ')
  expect(first).toEqual({exitCode: 1, stdout: `${pid} 1 up`, stderr: ''})
  expect(second).toEqual({exitCode: 2, stdout: `${pid} 2 chaos kill-leader`, stderr: ''})
})

test('one that crashes ends with its command, with its last words, and the next command has a new one', async () => {
  await using run = seat(
    "if (words[0] === 'crash') { console.error('why'); process.exit(70) } else answer(0, String(nth))",
  )
  expect(await run(['up'], never)).toMatchObject({exitCode: 0, stdout: '1'})
  expect(await run(['crash'], never)).toEqual({exitCode: 70, stdout: '', stderr: 'why'})
  expect(await run(['down'], never)).toMatchObject({exitCode: 0, stdout: '1'})
})

test('one that died between two commands is none of the next one, which has a new one', async () => {
  await using run = seat("answer(0, process.pid + ' ' + nth)")
  const {stdout} = await run(['up'], never)
  process.kill(Number(stdout.split(' ')[0]), 'SIGKILL')
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(await run(['chaos'], never)).toMatchObject({exitCode: 0, stdout: expect.stringMatching(/ 1$/)})
})

test('one whose command could not do its work is not used again', async () => {
  await using run = seat('answer(Number(words[0]), String(nth))')
  for (const code of [3, 5, 70]) {
    expect(await run([String(code)], never)).toMatchObject({exitCode: code, stdout: '1'})
    expect(await run(['1'], never)).toMatchObject({exitCode: 1, stdout: '1'})
    expect(await run(['4'], never)).toMatchObject({exitCode: 4, stdout: '2'})
    expect(await run(['3'], never)).toMatchObject({exitCode: 3, stdout: '3'})
  }
})

test('an interruption reaches the command once, its end is awaited, and the next command has a process that was not interrupted', async () => {
  const interrupt = new AbortController()
  await using run = seat(`
    if (words[0] === 'down') return answer(0, String(nth))
    let times = 0
    process.on('SIGINT', () => { times++; setTimeout(() => answer(130, String(times)), 200) })
    process.kill(${process.pid}, 'SIGUSR2')`)
  process.once('SIGUSR2', () => interrupt.abort())
  expect(await run(['chaos'], interrupt.signal)).toEqual({exitCode: 130, stdout: '1', stderr: ''})
  expect(await run(['down'], never)).toEqual({exitCode: 0, stdout: '1', stderr: ''})
})

test('a command that is interrupted before it listens, or before it began, is an interrupted one, no failure of the lab', async () => {
  const before = {exitCode: 130, stdout: '', stderr: 'interrupted before it began'}
  await using deaf = seat(`process.kill(${process.pid}, 'SIGUSR2')`)
  const interrupt = new AbortController()
  process.once('SIGUSR2', () => interrupt.abort())
  expect(await deaf(['chaos'], interrupt.signal)).toEqual(before)
  expect(await deaf(['chaos'], AbortSignal.abort())).toEqual(before)
})

test('a program that cannot be started says so', async () => {
  await using run = seatProcess(['/nowhere/node', 'main.js'])
  expect(await run(['up'], never)).toMatchObject({exitCode: undefined, stderr: expect.stringContaining('ENOENT')})
})
