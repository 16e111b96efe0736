/** Shells on hosts: who asks for one gets one that another has left, as long as it answers. */
import {expect, test} from 'vitest'
import {openShell, ScriptFailed} from '../../../lab/cluster/shell.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'

eachWithItsOwnState()

const begun = ({asked}: {readonly asked: readonly string[]}) => asked.filter(call => / sh$/.test(call))

test('one that has been left is used again, by one at a time, and ends with the lab', async () => {
  const {lab, engine} = await healthyLab()
  const first = await passing(openShell(lab, 'node1'))
  await first[Symbol.asyncDispose]()
  const again = await passing(openShell(lab, 'node1'))
  expect(begun(engine)).toEqual(['exec node1 sh'])
  const beside = await passing(openShell(lab, 'node1'))
  expect(begun(engine)).toEqual(['exec node1 sh', 'exec node1 sh'])
  // Whoever has left it has no say in it any more.
  await first[Symbol.asyncDispose]()
  await expect(first.run(':')).rejects.toMatchObject({code: 'engine', message: 'the shell on node1 has been closed'})
  await expect(passing(Promise.all([again.run(':'), beside.run(':')]))).resolves.toEqual(['', ''])
  await again[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
  // A lab that has ended keeps none.
  await beside[Symbol.asyncDispose]()
  await passing(openShell(lab, 'node1'))
  expect(begun(engine)).toHaveLength(3)
})

test("one in which a script is under way when it is left is nobody else's", async () => {
  const {lab, engine} = await healthyLab()
  const one = await passing(openShell(lab, 'node1'))
  const running = one.run('sleep 30').catch((error: Error) => error.message)
  await one[Symbol.asyncDispose]()
  expect(await passing(running)).toBe('node1 went away under a command')
  await passing(openShell(lab, 'node1'))
  expect(begun(engine)).toHaveLength(2)
})

test('of a host that went down meanwhile, or was frozen, none is used again', async () => {
  const {lab, engine} = await healthyLab()
  const {id} = await engine.container('fake', 'node1')
  await (await passing(openShell(lab, 'node1')))[Symbol.asyncDispose]()
  await engine.kill(id)
  await engine.start(id)
  await (await passing(openShell(lab, 'node1')))[Symbol.asyncDispose]()
  expect(begun(engine)).toHaveLength(2)
  await engine.pause(id)
  await expect(passing(openShell(lab, 'node1'))).rejects.toMatchObject({code: 'engine'})
})

test('a script that fails without a word is not said to have complained of what an earlier one did', async () => {
  const {lab, world} = await healthyLab()
  const shell = await passing(openShell(lab, 'node1'))
  const host = world.host('node1')
  host.refuses = script => ({loud: 'no such file', mute: ''})[script]
  const failure = async (script: string) => passing(shell.run(script)).catch((error: unknown) => error)
  expect(await failure('loud')).toMatchObject({message: 'a command on node1 ended with 1: no such file'})
  const mute = await failure('mute')
  expect(mute).toBeInstanceOf(ScriptFailed)
  expect(mute).toMatchObject({message: 'a command on node1 ended with 1', says: 'exit code 1'})
})
