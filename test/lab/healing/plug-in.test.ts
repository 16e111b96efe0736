import {afterEach, expect, test} from 'vitest'
import {plugIn} from '../../../lab/healing/host.ts'
import type {FakeEngine} from '../fake/engine.ts'
import {type Faked, fakeLab} from '../fake/lab.ts'

let faked: Faked
afterEach(() => faked[Symbol.asyncDispose]())

/** node1 is unplugged; `restores` says when the engine opens a container's ports again. */
async function unplugged(restores: FakeEngine['restoresPorts'], isRunning = true) {
  faked = await fakeLab()
  const {lab, engine} = faked
  engine.restoresPorts = restores
  await engine.disconnect('id-node1')
  if (!isRunning) await engine.kill('id-node1')
  engine.asked.length = 0
  const calls = () => engine.asked.filter(call => /^(connect|stop|start) /.test(call))
  return {lab, calls}
}

test('a host whose ports come back with its cable is not restarted', async () => {
  const {lab, calls} = await unplugged('connect')
  await plugIn(lab, 'node1')
  expect(calls()).toEqual(['connect node1 10.213.7.11'])
})

test('a host whose ports stay closed is restarted', async () => {
  const {lab, calls} = await unplugged('start')
  await plugIn(lab, 'node1')
  expect(calls()).toEqual(['connect node1 10.213.7.11', 'stop node1', 'start node1'])
})

test('ports that stay closed even then are no success', async () => {
  await expect(plugIn((await unplugged('never')).lab, 'node1')).rejects.toMatchObject({
    code: 'engine',
    hint: expect.any(String),
  })
})

test('a host that is down is plugged in and stays down', async () => {
  const {lab, calls} = await unplugged('start', false)
  await plugIn(lab, 'node1')
  expect(calls()).toEqual(['connect node1 10.213.7.11'])
})
