/** What is broken in a lab as the engine, the kernels of its hosts and Patroni show it, whatever the journal says. */

import {openShell, ScriptFailed} from '../cluster/shell.ts'
import type {Condition, ContainerState} from '../engine/docker.ts'
import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import {sayMend} from '../history/say-mend.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import {printable} from '../words/printable.ts'
import {mends} from './mend.ts'

export interface Broken {
  /** One for each thing that is broken, in the order in which to mend them. */
  readonly mends: readonly Mend[]
  /** Signs that no mend is found by (the host's image is of another version, say), and hosts that cannot tell: a sentence each. */
  readonly unknown: readonly string[]
  /** What nobody could be asked right now: a sentence each. Whoever calls a lab healed has to ask again. */
  readonly untold: readonly string[]
}

type Signs = Omit<Broken, 'untold'>

const order = Object.keys(mends)
const ways = Object.values(mends).map(({found}) => found)

/** A host that cannot tell what is broken in it keeps nobody from mending the others. @throws LabError what the engine says. */
export async function broken(lab: Lab): Promise<Broken> {
  const hosts = await conditions(lab)
  // No fault leaves anything inside the clients' host, which has none of the hosts' tools.
  const clients = hostsWith(lab.topology, 'client')
  const alive = hosts.filter(({host, seen}) => seen.running && !seen.paused && !clients.includes(host))
  const inside = await Promise.all(alive.map(({host}) => signsIn(lab, host)))
  const looked = await Promise.all(ways.map(way => ('look' in way ? way.look(lab) : [])))
  const found = [
    ...looked.flatMap((one): readonly Mend[] => (typeof one === 'string' ? [] : one)),
    ...hosts.flatMap(({host, seen}) =>
      ways.flatMap(way => ('condition' in way && way.condition(seen) ? [way.mend(host, '')] : [])),
    ),
    ...inside.flatMap(one => one.mends),
  ]
  return {
    mends: found.toSorted((a, b) => order.indexOf(a.do) - order.indexOf(b.do)),
    unknown: inside.flatMap(one => one.unknown),
    untold: looked.filter(one => typeof one === 'string'),
  }
}

/**
 * What nobody will mend by himself. A program's container is no leftover while the run that started it goes on; what a fault has
 * broken is broken all the same, and is mended by that run.
 */
export function leftover(signs: readonly Mend[], inUse: boolean): Mend[] {
  return signs.filter(sign => !(inUse && sign.do === 'remove-program'))
}

/** Everything that is still to do, in words. */
export function sayBroken(found: Signs): string[] {
  return [...found.mends.map(sayMend), ...found.unknown]
}

async function conditions(lab: Lab): Promise<(Pick<ContainerState, 'id' | 'host'> & {seen: Condition})[]> {
  const containers = await lab.docker.containers(lab.name)
  return Promise.all(
    containers.map(async ({id, host}) => ({id, host, seen: await lab.engineOf(host).condition(id, lab.name)})),
  )
}

async function signsIn(lab: Lab, host: HostName): Promise<Signs> {
  let said: string
  try {
    await using shell = await openShell(lab, host)
    said = await shell.run('whats-broken')
  } catch (error) {
    if (!(error instanceof ScriptFailed)) throw error
    return {mends: [], unknown: [`${host} cannot tell what is broken: ${printable(error.says)}`]}
  }
  const lines = said.split('\n').filter(line => line.trim() !== '')
  const read = lines.map(line => signOf(host, line))
  return {mends: read.flatMap(one => one.mends), unknown: read.flatMap(one => one.unknown)}
}

/** A line of images/host/bin/whats-broken. */
export function signOf(host: HostName, line: string): Signs {
  const [sign = '', name = ''] = line.trim().split(' ')
  const known = ways.flatMap(way => ('sign' in way && way.sign === sign ? [way.mend(host, name)] : []))
  if (known.length > 0) return {mends: known, unknown: []}
  return {mends: [], unknown: [`${host} shows "${printable(line.trim())}", which this version knows no mend for`]}
}
