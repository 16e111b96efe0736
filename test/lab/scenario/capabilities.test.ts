import {expect, test} from 'vitest'
import {Lab} from '../../../lab/engine/lab.ts'
import {capabilitiesFor, loadScenario, mustBeAble, mustBreak} from '../../../lab/scenario/index.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {FakeEngine} from '../fake/engine.ts'
import {allocationOf} from '../fake/lab.ts'

test('a scenario asks for what its faults need, each once', () => {
  expect(capabilitiesFor(loadScenario('kill-leader'))).toEqual([])
  expect(capabilitiesFor(loadScenario('leader-isolated'))).toEqual(['nftables'])
})

test('whom it means asks for a topology that has such a host', async () => {
  expect(capabilitiesFor(loadScenario('kill-cascade-source'))).toEqual(['cascade'])
  const topology = loadTopology({profile: 'fast'})
  const lab = new Lab(new FakeEngine(), topology, allocationOf(topology, {}))
  await expect(mustBeAble(lab, loadScenario('kill-cascade-source'))).rejects.toMatchObject({
    exitCode: 77,
    message: expect.stringMatching(/no replica of this lab streams from another one; the topology cascade has one/),
  })
})

test('a scenario that cannot run here is refused with the reason and the exit code for skipped', async () => {
  const topology = loadTopology({profile: 'fast'})
  const lab = new Lab(new FakeEngine(), topology, allocationOf(topology, {}))
  await expect(mustBeAble(lab, loadScenario('disk-full'))).rejects.toMatchObject({
    code: 'cannot-run-here',
    exitCode: 77,
    message: expect.stringMatching(/^disk-full cannot run here: .*disk/),
  })
})

test('a scenario about a tagged replica is skipped where the tags of the lab leave nobody else to be promoted', () => {
  const tagged = loadScenario('nofailover-tag')
  const on = (topology: string) => () => mustBreak(tagged, loadTopology({topology, profile: 'fast'}))
  expect(on('colocated')).not.toThrow()
  expect(on('cascade')).toThrow(
    expect.objectContaining({
      exitCode: 77,
      message: expect.stringMatching(
        /^nofailover-tag cannot run here: it is about 3 members that may lead, .* leave 2 of 4 \(node1, node2\)$/,
      ),
    }),
  )
})

test('a scenario about a lost quorum is skipped where its faults leave etcd a majority, whatever the number of hosts', () => {
  const twoDie = loadScenario('two-hosts-die')
  const on =
    (topology: string, ...set: string[]) =>
    () =>
      mustBreak(twoDie, loadTopology({topology, profile: 'fast', set}))
  expect(on('colocated')).not.toThrow()
  expect(on('proxy-per-node')).not.toThrow()
  expect(on('dedicated-etcd')).toThrow(
    expect.objectContaining({
      exitCode: 77,
      message: expect.stringMatching(
        /^two-hosts-die cannot run here: .* leaves 3 of 3 members of etcd here \(etcd1, etcd2, etcd3\)/,
      ),
    }),
  )
  expect(on('colocated', 'hosts.node4=etcd', 'hosts.node5=etcd')).toThrow(/leaves 3 of 5 members/)
})
