import {expect, test} from 'vitest'
import type {Lab} from '../../../lab/engine/lab.ts'
import {plugIn} from '../../../lab/healing/host.ts'

/** An engine; `restores` says when it opens a container's ports again. */
function labOn(restores: 'connect' | 'start' | 'never', isRunning = true): {lab: Lab; calls: string[]} {
  const calls: string[] = []
  let [open, running] = [false, isRunning]
  const docker = {
    async connect(_id: string, _lab: string, address: string) {
      calls.push(`connect ${address}`)
      open ||= restores === 'connect' && running
    },
    async stop() {
      calls.push('stop')
      running = false
    },
    async start() {
      calls.push('start')
      running = true
      open ||= restores === 'start'
    },
    async condition() {
      return {running, published: open ? [25071, 25061, 4711] : []}
    },
  }
  const allocation = {addresses: {node1: '10.213.7.11'}, ports: {node1: {patroni: 25071, postgres: 25061}}}
  const lab = {name: 'x', docker, allocation, container: async () => ({id: 'c1', state: 'running'})}
  return {lab: lab as unknown as Lab, calls}
}

test('a host whose ports come back with its cable is not restarted', async () => {
  const {lab, calls} = labOn('connect')
  await plugIn(lab, 'node1')
  expect(calls).toEqual(['connect 10.213.7.11'])
})

test('a host whose ports stay closed is restarted', async () => {
  const {lab, calls} = labOn('start')
  await plugIn(lab, 'node1')
  expect(calls).toEqual(['connect 10.213.7.11', 'stop', 'start'])
})

test('ports that stay closed even then are no success', async () => {
  await expect(plugIn(labOn('never').lab, 'node1')).rejects.toMatchObject({code: 'engine', hint: expect.any(String)})
})

test('a host that is down is plugged in and stays down', async () => {
  const {lab, calls} = labOn('start', false)
  await plugIn(lab, 'node1')
  expect(calls).toEqual(['connect 10.213.7.11'])
})
