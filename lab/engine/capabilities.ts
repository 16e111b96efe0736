/**
 * What this kernel and engine can do, tried in one short-lived container of the hosts' own image: never assumed from a version.
 * A capability that is missing comes with the reason, and a scenario that needs it is skipped with that.
 */

import {hasAuthority} from '../topology/security.ts'
import type {Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, ownCommand} from '../words/next-step.ts'
import type {Containers, Docker, Exec, Images, Networks, Power, Printed, Throwaways} from './docker.ts'
import type {Lab} from './lab.ts'

/** What a fault asks of the kernel, the engine or the lab; `lab/engine/capabilities.ts` finds out whether it is there. */
export type Capability =
  | 'nftables'
  | 'tbf'
  | 'delay'
  | 'freezer'
  | 'cpu-limit'
  | 'network-disconnect'
  | 'faketime'
  | 'ptrace'
  /** The data directory is on a volume of a limited size. */
  | 'limited-disk'
  /** The lab's hosts have the emulated watchdog. */
  | 'watchdog'
  /** A replica of the lab streams from another one. */
  | 'cascade'
  /** Proxies of the lab share one that moves. */
  | 'virtual-address'
  | 'standby-cluster'
  /** Something in the lab speaks TLS. */
  | 'tls'

/** Those that the kernel, the engine or the image has; the others depend on a lab's topology. */
export type Ability = Exclude<
  Capability,
  'limited-disk' | 'watchdog' | 'cascade' | 'virtual-address' | 'standby-cluster' | 'tls'
>

export interface Tried {
  readonly capability: Ability
  readonly present: boolean
  /** One sentence: what can be done when it is there, why not when it is missing. */
  readonly says: string
  /** The next step when it is missing. */
  readonly fix: Hint
}

interface Missing {
  readonly capability: Capability
  readonly why: string
}

/** Which of these this lab has not got, each with a sentence why; empty when everything is there. */
export async function missing(
  {docker, topology, allocation}: Pick<Lab, 'topology' | 'allocation'> & {readonly docker: TryingEngine},
  needs: readonly Capability[],
): Promise<readonly Missing[]> {
  const abilities = new Set(needs.filter(isAbility))
  const tried = abilities.size > 0 ? await onEach(docker, allocation.images.host, abilities) : []
  return lacking(topology, tried, needs)
}

/** Of several engines, what one of them lacks comes first. */
async function onEach(docker: TryingEngine, image: string, needs: ReadonlySet<Ability>): Promise<readonly Tried[]> {
  if (docker.several === undefined) return capabilities(docker, image, needs)
  const each = await Promise.all(
    docker.several.engines.map(async engine =>
      (await capabilities(engine, image, needs)).map(one =>
        one.present ? one : {...one, says: `${engine.name}: ${one.says}`},
      ),
    ),
  )
  return each.flat().toSorted((one, other) => Number(one.present) - Number(other.present))
}

/** The same of any topology, on an engine where this was tried. */
export function lacking(topology: Topology, tried: readonly Tried[], needs: readonly Capability[]): readonly Missing[] {
  return [...new Set(needs)].flatMap((capability): Missing[] => {
    const why = isAbility(capability)
      ? whyNot(tried.find(one => one.capability === capability))
      : missingFromTopology(topology, capability)
    return why === null ? [] : [{capability, why}]
  })
}

function whyNot(tried: Tried | undefined): string | null {
  if (tried === undefined) throw new TypeError('a capability that nobody tries')
  return tried.present ? null : tried.says
}

/** It is tried, not read off a topology. */
export function isAbility(capability: Capability): capability is Ability {
  return Object.hasOwn(attempts, capability)
}

function missingFromTopology(topology: Topology, capability: Exclude<Capability, Ability>): string | null {
  switch (capability) {
    case 'limited-disk':
      return topology.dataBytes === undefined
        ? "the lab's data is on the engine's own disk, which must not be filled; a topology with a data size has a disk of its own"
        : null
    case 'watchdog':
      return topology.patroni.watchdog === 'off'
        ? "the lab's hosts have no watchdog; a topology with Patroni's watchdog automatic or required has"
        : null
    case 'cascade':
      return Object.values(topology.tags ?? {}).every(one => one.replicatefrom === undefined)
        ? 'no replica of this lab streams from another one; the topology cascade has one'
        : null
    case 'standby-cluster':
      return topology.standbyCluster === undefined
        ? 'this lab has one cluster, which nobody follows; the topology standby-cluster has a second one'
        : null
    case 'tls':
      return hasAuthority(topology)
        ? null
        : 'nothing in this lab speaks TLS; one raised with --set tls.etcd=on --set tls.rest=on --set tls.postgresql=on does'
    case 'virtual-address':
      return topology.keepalived === undefined
        ? 'no proxies of this lab share a virtual address; those of the topology vip do'
        : null
  }
}

/** What trying takes of the engine. */
export type TryingEngine = Pick<Images, 'hasImage'> &
  Pick<Throwaways, 'throwaway'> &
  Pick<Exec, 'run'> &
  Pick<Containers, 'isRunning'> &
  Pick<Power, 'pause' | 'unpause' | 'limitCpus'> &
  Pick<Networks, 'unplug'> &
  Partial<Pick<Docker, 'several'>>

/** By engine, image and ability. */
const known = new WeakMap<TryingEngine, Map<string, Map<Ability, Promise<Tried>>>>()

/**
 * Each is tried once a process and image: in some tenths of a second, in one container for all that are asked for at once.
 * @param needs all there are when not given.
 * @throws LabError `image` when the image is not there, `engine` when no container can be started.
 */
export async function capabilities(
  docker: TryingEngine,
  image: string,
  needs: ReadonlySet<Ability> = new Set(order),
): Promise<readonly Tried[]> {
  const ofEngine = known.get(docker) ?? new Map<string, Map<Ability, Promise<Tried>>>()
  known.set(docker, ofEngine)
  const ofImage = ofEngine.get(image) ?? new Map<Ability, Promise<Tried>>()
  ofEngine.set(image, ofImage)
  const wanted = order.filter(one => needs.has(one))
  const untried = wanted.filter(one => !ofImage.has(one))
  if (untried.length > 0) {
    const trying = tryAll(docker, image, untried)
    for (const [index, ability] of untried.entries()) {
      const tried = trying.then(all => all[index]!)
      ofImage.set(ability, tried)
      tried.catch(() => ofImage.delete(ability)) // whoever asked has the error; the next one asks again
    }
  }
  return Promise.all(wanted.map(one => ofImage.get(one)!))
}

async function tryAll(docker: TryingEngine, image: string, needs: readonly Ability[]): Promise<readonly Tried[]> {
  if (!(await docker.hasImage(image)))
    throw new LabError('image', `the image ${image} is not here`, {hint: ownCommand('doctor', '--fix')})
  await using container = await docker.throwaway(image)
  const tried: Tried[] = []
  // One after the other: nothing runs in a frozen container.
  for (const capability of needs) {
    const attempt = attempts[capability]
    const why = await attempt.fails(docker, container.id)
    tried.push({capability, present: why === null, says: why ?? attempt.says, fix: attempt.fix})
  }
  return tried
}

interface Trial {
  /** What can be done, when it went well. */
  readonly says: string
  readonly fix: Hint
  /** Why it can't be done; null when it can. */
  fails(docker: TryingEngine, id: string): Promise<string | null>
}

const module = (name: string) =>
  `modprobe ${name} on the engine's machine, where its kernel has it; until then scenarios that need it are skipped`

const attempts: Readonly<Record<Ability, Trial>> = {
  nftables: {
    says: 'a container can drop its packets, with addresses that time out',
    fix: module('nf_tables'),
    fails: async (docker, id) => {
      const script = `nft -f - << 'END'
table inet pgha_lab_try {
  set peers { type ipv4_addr; flags timeout; elements = { 192.0.2.1 timeout 1s } }
  chain output { type filter hook output priority -10; policy accept; ip daddr @peers tcp dport 9 counter reject with tcp reset; }
}
END
nft delete table inet pgha_lab_try`
      return because(await sh(docker, id, script), 'the kernel does not take an nftables set that times out')
    },
  },
  tbf: {
    says: 'bandwidth can be limited',
    fix: module('sch_tbf'),
    fails: (docker, id) => triesQdisc(docker, id, 'tbf rate 1mbit burst 32kbit latency 400ms'),
  },
  delay: {
    says: 'packets can be delayed and lost',
    fix: module('sch_netem, or nfnetlink_queue,'),
    fails: async (docker, id) => {
      const netem = await triesQdisc(docker, id, 'netem delay 1ms')
      if (netem === null) return null
      const queue = await sh(docker, id, 'slow-network lo 1 0 0 && unslow-network')
      return because(queue, `${netem}; nor does it hand packets to a program (NFQUEUE)`)
    },
  },
  freezer: {
    says: 'a container can be frozen and thawed',
    fix: 'an engine that may use the cgroup freezer (docker pause) is needed',
    fails: (docker, id) =>
      refusal(async () => {
        await docker.pause(id)
        const frozen = !(await docker.isRunning(id))
        await docker.unpause(id)
        return frozen ? null : 'the engine says that it froze a container, which runs on'
      }),
  },
  'cpu-limit': {
    says: "a running container's CPU time can be limited",
    fix: 'an engine that may limit CPU time (docker update --cpus) is needed',
    fails: (docker, id) =>
      refusal(async () => {
        await docker.limitCpus(id, 0.5)
        // cgroup v2, else v1
        const {out} = await sh(
          docker,
          id,
          'cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2> /dev/null; true',
        )
        await docker.limitCpus(id, null)
        return /^50000\b/m.test(out) ? null : 'the engine takes a CPU limit that does not reach the container'
      }),
  },
  faketime: {
    says: 'libfaketime is in the image',
    fix: next`to build the image with it: ${ownCommand('doctor', '--fix')}`,
    fails: async (docker, id) =>
      because(
        await sh(docker, id, 'find /usr/lib -name "libfaketime*.so*" | grep -q .'),
        'libfaketime is not in the image',
      ),
  },
  ptrace: {
    says: "a process's system calls can be held up",
    fix: next`an engine that lets a container trace its processes is needed, or the image: ${ownCommand('doctor', '--fix')}`,
    fails: async (docker, id) =>
      because(
        await sh(docker, id, 'sleep 2 & timeout 0.5 strace -qq -o /dev/null -p $!; [ $? -eq 124 ]'),
        'no process can be traced with strace',
      ),
  },
  'network-disconnect': {
    says: "a container's network cable can be pulled",
    fix: 'an engine that knows docker network disconnect is needed',
    // last: the container has no network afterwards
    fails: (docker, id) =>
      refusal(async () => {
        await docker.unplug(id, 'none')
        return null
      }),
  },
}

/** In which they can be tried in one container. */
const order = Object.keys(attempts) as readonly Ability[]

async function triesQdisc(docker: TryingEngine, id: string, qdisc: string): Promise<string | null> {
  const kind = qdisc.split(' ')[0]
  const script = `tc qdisc add dev lo root handle 9e0: ${qdisc} && tc qdisc del dev lo root handle 9e0:`
  return because(await sh(docker, id, script), `the kernel of the engine's machine has no ${kind} (sch_${kind})`)
}

function sh(docker: TryingEngine, id: string, script: string): Promise<Printed> {
  return docker.run(id, ['sh', '-c', script])
}

function because({code, err}: Printed, sentence: string): string | null {
  const said = err
    .trim()
    .split('\n')[0]
    ?.replace(/^Error: |\.$/g, '')
  return code === 0 ? null : said ? `${sentence}: ${said}` : sentence
}

/** What the engine refuses is the answer here, not a failure; that it is gone is one. */
async function refusal(attempt: () => Promise<string | null>): Promise<string | null> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'engine') throw error
    return error.message
  }
}
