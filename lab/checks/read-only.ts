/** No server takes writes any more, and the ones that are up say so themselves: what a scenario waits for when a quorum is lost. */
import {z} from 'zod'
import type {Of} from '../history/event.ts'
import {isWritable} from '../history/failover.ts'
import {of} from '../history/history.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import type {Check} from './check.ts'

/** An older answer says nothing about now. */
const fresh: Micros = 1_500_000

export const readOnly: Check<Record<string, never>> = {
  about: 'Every server that answers is read-only, and at least one answers.',
  evidence: ['postgres'],
  params: z.strictObject({}),

  judge(history) {
    const now = history.events.at(-1)?.at ?? 0
    const topology = of(history, 'run-started')[0]?.topology
    const latest = new Map<HostName, Of<'postgres'>>()
    for (const one of of(history, 'postgres')) if (one.at > now - fresh) latest.set(one.host, one)
    const hosts = topology ? hostsWith(topology, 'patroni') : []
    const silent = hosts.filter(host => !latest.has(host))
    const writable = [...latest.values()].filter(isWritable)
    if (writable.length > 0)
      return {
        verdict: 'fail',
        says: `${writable.map(one => one.host).join(' and ')} still takes writes.`,
        evidence: writable,
      }
    const serving = [...latest.values()].filter(one => one.up)
    if (silent.length > 0 || serving.length === 0)
      return {verdict: 'unknown', says: `Nobody heard from ${silent.join(' and ') || 'any server'} just now.`}
    return {
      verdict: 'pass',
      says: `${serving.map(one => one.host).join(', ')} answer, and none takes writes.`,
      evidence: serving,
    }
  },
}
