/**
 * A fault proves its effect, and not that it tried: on a lab in which whatever is done has no effect, none says that it took hold. The
 * engine does as it is told and nothing comes of it, hosts print the same for every script, and Patroni takes no request for one.
 */
import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {FaultSite} from '../../../lab/breaking/fault.ts'
import {faults} from '../../../lab/faults/index.ts'
import {eachWithItsOwnState, healthyLab} from '../fake/at-rest.ts'
import {passing} from '../fake/clock.ts'
import type {Faked} from '../fake/lab.ts'
import {formsOf, targetsOf} from '../fault-forms.ts'

eachWithItsOwnState()

async function numbLab(printed: string): Promise<Faked> {
  const faked = await healthyLab()
  const {engine, world} = faked
  const nothing = async () => {}
  Object.assign(engine, {kill: nothing, stop: nothing, pause: nothing, disconnect: nothing, limitCpus: nothing})
  for (const host of world.hosts.values()) Object.assign(host, {script: () => ({code: 0, out: printed, err: ''})})
  Object.assign(world.cluster, {patch: () => {}})
  return faked
}

/** What it proved; nothing where it was stopped before. */
async function proofsOf(name: string, params: unknown, {host, printed}: {host: string; printed: string}) {
  const {lab} = await numbLab(printed)
  const fault = faults[name]!
  const proofs: {holds: boolean; says: string}[] = []
  const site: FaultSite = {
    ...{lab, id: 'x', hosts: [host], from: targetsOf(fault.params).length > 0 ? ['node3'] : null},
    signal: new AbortController().signal,
    mend: async () => {},
    broke: call => call(),
    proof: (holds, says) => void proofs.push({holds, says}),
    now: () => Math.round(performance.now() * 1000),
    again: () => {},
  }
  await passing(fault.inject(site, fault.params.parse(params)).catch(() => {}))
  return proofs
}

/** What breaks nothing has held when nothing has changed. */
const breaking = Object.keys(faults).filter(name => faults[name]!.area !== 'nothing')

test.each(breaking)(
  '%s does not say that it took hold',
  async name => {
    // One that is to be refused has held when nothing has changed, too.
    const forms = fc.sample(formsOf(faults[name]!.params), {numRuns: 4, seed: 1}).filter(form => form.refused !== true)
    // Of a host without any process, and of one with a process that is asleep whatever is done to it.
    for (const printed of ['', '7 S'])
      for (const params of forms)
        for (const host of ['node1', 'node2']) {
          const proofs = await proofsOf(name, params, {host, printed})
          expect(proofs.filter(one => one.holds)).toEqual([])
        }
  },
  60_000,
)
