import {expect, test} from 'vitest'
import {childOf} from '../../../lab/suite/child.ts'

const node = (script: string) => childOf([process.execPath, '--eval', script, '--'])
const never = new AbortController().signal

test('a child is heard out: its exit code, what it printed, and what it complained about', async () => {
  const script = "console.log(process.argv.slice(1).join(' ')); console.error('why'); process.exitCode = 4"
  expect(await node(script)(['chaos', 'kill-leader'], never)).toEqual({
    exitCode: 4,
    stdout: 'chaos kill-leader',
    stderr: 'why',
  })
})

test('an interruption reaches the child once, and its end is awaited', async () => {
  const interrupt = new AbortController()
  const script = `
    let times = 0
    process.on('SIGINT', () => { times++; setTimeout(() => { console.log(times); process.exit(130) }, 200) })
    process.kill(${process.pid}, 'SIGUSR2')
    setTimeout(() => {}, 60_000)`
  // The child says when it listens.
  process.once('SIGUSR2', () => interrupt.abort())
  expect(await node(script)([], interrupt.signal)).toEqual({exitCode: 130, stdout: '1', stderr: ''})
})

test('a child that is interrupted before it listens is an interrupted one, not a failure of the lab', async () => {
  const {exitCode, stderr} = await node('setTimeout(() => {}, 60_000)')([], AbortSignal.abort())
  expect({exitCode, stderr}).toEqual({exitCode: 130, stderr: 'interrupted before it began'})
})
