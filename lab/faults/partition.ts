/**
 * The network between groups of hosts loses their packets: by nftables in the hosts' own network namespaces, so that it can be
 * one-way and for one service only. Other addresses, such as the one the runner's own probes come from, are not touched.
 */
import {z} from 'zod'
import {cutOffBy, cutServices, cutsOf, spared, stopped} from '../breaking/cuts.ts'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {
  aroundFailover,
  fewerThan,
  impairsNobody,
  oneOfPostgres,
  seconds,
  wholeHost,
  wholeHosts,
} from '../breaking/in-storms.ts'
import {cutName, type Hits, type How, hitsOf, nftScript, stillCut, tableOf} from '../breaking/nft.ts'
import {ask, type Dialled, Shells} from '../breaking/paths.ts'
import {isModelled, struckByCuts} from '../budget/index.ts'
import {whom} from '../cluster/selector.ts'
import {openShell} from '../cluster/shell.ts'
import type {Lab} from '../engine/lab.ts'
import {type HostName, hostsWith} from '../topology/topology.ts'
import type {Micros} from '../words/quantity.ts'
import {timeLimit} from '../words/time-limit.ts'

const params = z
  .strictObject({
    /** The other side: a selector, a host, or several of them; default: every other host. */
    from: z.union([whom, z.array(whom).min(1)]).optional(),
    services: z
      .array(z.enum(Object.keys(cutServices) as (keyof typeof cutServices)[]))
      .min(1)
      .optional(),
    /** Which packets are lost, seen from `on`; an answer counts by the direction it travels. */
    ways: z.enum(['both', 'out', 'in']).default('both'),
    how: z.enum(['drop', 'reject']).default('drop'),
    shape: z.enum(['split', 'halves', 'ring', 'bridge']).default('split'),
    limit: timeLimit,
  })
  .refine(({shape, from}) => shape === 'split' || from === undefined, {
    path: ['from'],
    error: '`from` belongs to `shape: split`; the other shapes divide the hosts of `on` among themselves',
  })
  .refine(({shape, ways}) => shape === 'split' || ways === 'both', {
    path: ['ways'],
    error: '`ways` belongs to `shape: split`; the other shapes cut both ways',
  })

type Params = z.output<typeof params>

/** A connection is made or refused well within this; a SYN that was dropped is sent again after a second only. */
const stoppedSeconds = 0.4
/** What is spared gets through even on a machine that is busy. */
const sparedSeconds = 2
/** Our own attempts give every rule a packet to stop at once. */
const effectWithinSeconds = 2

export const partition: Fault<Params> = {
  area: 'the network',
  about: 'Packets between groups of hosts are lost: all, or those of some services; both ways or one way',
  params,
  needs: () => ['nftables'],
  limitMs: ({limit}) => limit,
  // Of a host's services, Patroni can be cut from the etcd member beside it.
  isBetween: ({services}) => services === undefined,

  strikes({services = null, ways, shape, how}, {on, from, topology}) {
    const cuts = cutOffBy(topology, {on, from, services, ways, shape})
    const asLeader = (host: HostName) => ({
      host,
      ...(shape === 'split'
        ? struckByCuts(topology, host, {cuts, how})
        : {why: `the timing model has no bounds for a cut in the shape of a ${shape}`}),
    })
    // Cut from a leader is the leader cut off: the same cut, whichever side is written first.
    const others = hostsWith(topology, 'patroni').filter(host => !on.includes(host))
    return {struck: [...on.map(asLeader), ...others.map(asLeader).filter(isModelled)], cut: cuts}
  },

  storm: {
    // Packets that one cut stops do not reach the rules of another, which then cannot show that it took hold.
    spoils: ['line', 'answers'],
    minds: ['line'],
    lines: [
      {
        ...{on: ['leader', 'replica'], params: [{from: 'servers'}], heals: true, blow: true},
        ...{impairs: wholeHost, holdMs: aroundFailover, place: 12},
      },
      {
        ...{on: ['leader', 'replica'], params: [{from: 'etcd', services: ['etcd']}], heals: true},
        ...{impairs: oneOfPostgres, holdMs: aroundFailover, place: 13},
      },
      {
        // Cut off from the leader a replica can lead, with what it has: that is the tail that asynchronous replication may lose.
        ...{on: ['leader'], unless: fewerThan(2), heals: true, impairs: impairsNobody, holdMs: seconds(3, 20)},
        params: ['both', 'in', 'out'].map(ways => ({from: 'replicas', services: ['replication'], ways})),
        ...{strikesLeader: false, sparesLeader: true, place: 14},
      },
      {
        ...{on: ['all'], params: [{shape: 'halves'}, {shape: 'bridge'}], unless: fewerThan(3), heals: true},
        impairs: topology => wholeHosts(topology, Math.floor(hostsWith(topology, 'patroni').length / 2)),
        ...{holdMs: seconds(3, 30), strikesLeader: true, place: 15},
      },
    ],
  },

  async inject(on, params) {
    const {lab} = on
    const cuts = cutsOf(lab.topology, {...params, services: params.services ?? null, on: on.hosts, from: on.from})
    const cut = cutName(on.id)
    const rules = (host: HostName, limitMs: number) =>
      nftScript({cut, cuts: cuts.get(host) ?? [], how: params.how, limitMs}, lab)
    const load = (host: HostName, limitMs: number) => `nft -f - << 'END'\n${rules(host, limitMs)}END`

    const [mustStop, mustPass] = [stopped(lab.topology, cuts), spared(lab.topology, cuts)]
    await using keepers = await Shells.open(lab, cuts.keys())
    await using askers = await Shells.open(
      lab,
      await running(
        lab,
        mustStop.map(one => one.from),
      ),
    )
    await using others = await Shells.open(
      lab,
      await running(
        lab,
        mustPass.map(one => one.from),
      ),
    )
    const before = await Promise.all([
      ask(lab, askers, mustStop, stoppedSeconds),
      ask(lab, others, mustPass, sparedSeconds),
    ])

    for (const host of cuts.keys())
      await on.mend({do: 'open-network', host, cut}, stillCut(host, cut, rules(host, params.limit)))
    let endsAt = 0
    for (const host of cuts.keys())
      on.again(host, async () => {
        const leftMs = (endsAt - on.now()) / 1000
        if (leftMs < 1) return
        await using shell = await openShell(lab, host)
        await shell.run(load(host, leftMs))
      })
    await on.broke(() => {
      endsAt = on.now() + params.limit * 1000 // `broke` may wait for the right moment
      return keepers.run(host => load(host, params.limit))
    })

    const [hits, nowStopped, nowPassed] = await Promise.all([
      firstHits(on, keepers, cut),
      ask(lab, askers, mustStop, stoppedSeconds),
      ask(lab, others, mustPass, sparedSeconds),
    ])
    const {holds, says} = judged({
      how: params.how,
      hits: hits.byHost,
      before: before.flat(),
      stopped: nowStopped,
      spared: nowPassed,
    })
    on.proof(holds, says, hits.at)
  },
}

/** A host that is down or frozen can ask for nothing; what it would be answered is no part of the proof. */
async function running(lab: Lab, hosts: readonly HostName[]): Promise<readonly HostName[]> {
  const up = (await lab.docker.containers(lab.name)).filter(one => one.state === 'running').map(one => one.host)
  return hosts.filter(host => up.includes(host))
}

/** Waits until the rules of every host have stopped a packet, and says when the last of them had. */
async function firstHits(
  on: FaultSite,
  keepers: Shells,
  cut: string,
): Promise<{byHost: ReadonlyMap<HostName, Hits>; at: Micros}> {
  const list = `nft list table ${tableOf(cut)}`
  const listings = await keepers.run(
    () => `\
end=$(($(date +%s%N) + ${effectWithinSeconds}000000000))
until listing=$(${list}); [ "\${listing#*counter packets [1-9]}" != "$listing" ] || [ "$(date +%s%N)" -gt "$end" ]; do
  sleep 0.01
done
echo "$listing"`,
  )
  return {byHost: new Map([...listings].map(([host, listing]) => [host, hitsOf(listing)])), at: on.now()}
}

export interface CutSeen {
  readonly how: How
  readonly hits: ReadonlyMap<HostName, Hits>
  /** Every connection as it was before the break. */
  readonly before: readonly Dialled[]
  /** Those that the break must stop, and those that it must not, as they were after it. */
  readonly stopped: readonly Dialled[]
  readonly spared: readonly Dialled[]
}

/** It holds when every host has stopped packets, no connection that should be cut gets an answer, and all others still do. */
export function judged({how, hits, before, stopped, spared}: CutSeen): {holds: boolean; says: string} {
  const was = (one: Dialled) =>
    before.find(other => other.from === one.from && other.to === one.to && other.port === one.port)?.answer
  const idle = [...hits].filter(([, {in: incoming, out}]) => incoming + out === 0).map(([host]) => host)
  if (idle.length > 0) return {holds: false, says: `no packet has met the rules of ${idle.join(', ')}`}

  const tried = stopped.filter(one => was(one) === 'open' || was(one) === 'refused')
  const leaks = tried.filter(one => one.answer === 'open' || (how === 'drop' && one.answer === 'refused'))
  if (leaks.length > 0) return {holds: false, says: `still answered: ${list(leaks)}`}

  const passed = spared.filter(one => was(one) === 'open')
  const lost = passed.filter(one => one.answer !== 'open')
  if (lost.length > 0) return {holds: false, says: `cut as well, though it should not be: ${list(lost)}`}

  const counts = [...hits].map(
    ([host, {in: incoming, out}]) => `${host} ${how === 'drop' ? 'dropped' : 'rejected'} ${incoming} in and ${out} out`,
  )
  return {
    holds: true,
    says: [
      counts.join(', '),
      `${tried.length} connections that were answered no longer are`,
      ...(passed.length > 0 ? [`${passed.length} to other services still are`] : []),
    ].join('; '),
  }
}

function list(asked: readonly Dialled[]): string {
  return asked.map(({from, to, port, answer}) => `${from} to ${to}:${port} (${answer})`).join(', ')
}
