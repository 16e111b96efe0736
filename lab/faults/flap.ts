/**
 * A link that comes and goes: the packets between groups of hosts are lost for a while, once in a period. The rules lie in the kernel all
 * the time; a loop on the host puts the addresses into their sets, where they time out by themselves. Who loses that loop has its link.
 */
import {z} from 'zod'
import {type Cut, cutServices, cutsOf, stopped} from '../breaking/cuts.ts'
import type {Fault, FaultSite} from '../breaking/fault.ts'
import {aroundFailover, wholeHost} from '../breaking/in-storms.ts'
import type {Still} from '../breaking/lasting.ts'
import {cutName, elementsOf, type Hits, hitsOf, nftScript, tableName, whatIsMissing} from '../breaking/nft.ts'
import {ask, type Dialled, Shells} from '../breaking/paths.ts'
import {whom} from '../cluster/selector.ts'
import {openShell} from '../cluster/shell.ts'
import type {HostName} from '../topology/topology.ts'
import {duration} from '../words/schemas.ts'
import {timeLimit} from '../words/time-limit.ts'

/** What has to be seen of each state of the link takes half a second. */
const leastMs = 1000
const period = duration.refine(ms => ms >= leastMs && ms <= 60_000, {error: 'between 1s and 1m'})

const params = z
  .strictObject({
    /** The other side: a selector, a host, or several of them; default: every other host. */
    from: z.union([whom, z.array(whom).min(1)]).optional(),
    services: z
      .array(z.enum(Object.keys(cutServices) as (keyof typeof cutServices)[]))
      .min(1)
      .optional(),
    every: period.default(5000),
    /** So much of each period there is no link. */
    down: period.default(2000),
    limit: timeLimit,
  })
  .refine(({every, down}) => every - down >= leastMs, {
    path: ['down'],
    error: 'the link is there for 1s of each period at least: `down` is that much shorter than `every`',
  })

type Params = z.output<typeof params>

const dialSeconds = 0.4

export const flap: Fault<Params> = {
  area: 'the network',
  about:
    'The link between groups of hosts comes and goes: once in `every`, all packets are lost for `down`, or those of some services',
  params,
  needs: () => ['nftables'],
  limitMs: ({limit}) => limit,
  // Of a host's services, Patroni can be cut from the etcd member beside it.
  isBetween: ({services}) => services === undefined,
  // Nobody is cut off all the time: what a cut implies is not to be asked of it.
  strikes: (_, {on}) => ({
    struck: on.map(host => ({host, why: 'the timing model has no bounds for a link that comes and goes'})),
  }),

  storm: {
    // As of a cut, whose packets do not reach the rules of another.
    spoils: ['line', 'answers'],
    minds: ['line'],
    lines: [
      {
        ...{on: ['leader', 'replica'], params: [{from: 'servers'}, {from: 'etcd', services: ['etcd']}], heals: true},
        ...{impairs: wholeHost, holdMs: aroundFailover, blow: true},
      },
    ],
  },

  async inject(on, params) {
    const {lab} = on
    const shape = {shape: 'split', ways: 'both', services: params.services ?? null} as const
    const cuts = cutsOf(lab.topology, {...shape, on: on.hosts, from: on.from})
    const cut = cutName(on.id)
    const scripts = new Map([...cuts].map(([host, own]) => [host, scriptsOf(on, cut, own, params)]))
    const mustStop = stopped(lab.topology, cuts)
    await using keepers = await Shells.open(lab, cuts.keys())
    await using askers = await Shells.open(
      lab,
      mustStop.map(one => one.from),
    )
    const dial = () => ask(lab, askers, mustStop, dialSeconds)
    const before = await dial()
    let endsAt = 0
    for (const [host, {rules, start}] of scripts) {
      await on.mend({do: 'open-network', host, cut}, stillFlaps(host, cut, rules))
      on.again(host, async () => {
        await using shell = await openShell(lab, host)
        await shell.run(start(Math.max(1000, (endsAt - on.now()) / 1000)))
      })
    }
    const t0 = await on.broke(async () => {
      const now = on.now() // `broke` may wait for the right moment
      endsAt = now + params.limit * 1000
      await keepers.run(host => scripts.get(host)?.start(params.limit) ?? null)
      return now
    })
    const list = () => keepers.run(() => `nft list table inet ${tableName(cut)}`)
    await proveTwice(on, params, {t0, before, dial, list})
  },
}

function scriptsOf({lab}: FaultSite, cut: string, cuts: readonly Cut[], {every, down}: Params) {
  const rules = nftScript({cut, cuts, how: 'drop', limitMs: null}, lab)
  const elements = elementsOf({cut, cuts, how: 'drop', limitMs: down}, lab)
  const file = `/run/${tableName(cut)}`
  const start = (limitMs: number) => `cat > ${file} << 'END'
${elements}END
nft -f - << 'END'
${rules}END
flap-network ${tableName(cut)} ${every / 1000} ${Math.ceil(limitMs / 1000)} ${file}`
  return {rules, start}
}

interface Watching {
  readonly t0: number
  /** Every connection as it was before. */
  readonly before: readonly Dialled[]
  readonly dial: () => Promise<readonly Dialled[]>
  readonly list: () => Promise<ReadonlyMap<HostName, string>>
}

/** Gone, there, and gone once more. */
async function proveTwice(on: FaultSite, {every, down}: Params, {t0, before, dial, list}: Watching): Promise<void> {
  const until = (ms: number) => new Promise(resolve => setTimeout(resolve, Math.max(0, ms - (on.now() - t0) / 1000)))
  const away = await dial()
  await until(down + 300)
  const back = await dial()
  const first = await list()
  await until(every + 200)
  await dial() // our own attempts give every rule a packet to stop
  const second = await list()
  const hits = [...second].map(([host, listing]) => ({
    ...{host, first: total(hitsOf(first.get(host) ?? '')), second: total(hitsOf(listing))},
  }))
  const {holds, says} = judgeFlap({before, away, back, hits})
  on.proof(holds, says)
}

const total = (hits: Hits) => hits.in + hits.out

interface FlapSeen {
  readonly before: readonly Dialled[]
  readonly away: readonly Dialled[]
  readonly back: readonly Dialled[]
  /** Packets that the rules of each host had stopped after the first time, and after the second. */
  readonly hits: readonly {readonly host: HostName; readonly first: number; readonly second: number}[]
}

export function judgeFlap({before, away, back, hits}: FlapSeen): {holds: boolean; says: string} {
  const answered = before.filter(one => one.answer !== 'silent')
  const now = (all: readonly Dialled[], one: Dialled) =>
    all.find(other => other.from === one.from && other.to === one.to && other.port === one.port)?.answer ?? 'silent'
  const idle = hits.filter(one => one.first === 0 || one.second <= one.first).map(one => one.host)
  const leaks = answered.filter(one => now(away, one) !== 'silent')
  const lost = answered.filter(one => now(back, one) === 'silent')
  if (answered.length === 0) return {holds: false, says: 'no connection was answered before, so none could be lost'}
  if (leaks.length > 0) return {holds: false, says: `still answered: ${list(leaks)}`}
  if (lost.length > 0) return {holds: false, says: `not answered again: ${list(lost)}`}
  if (idle.length > 0) return {holds: false, says: `no packet has met the rules of ${idle.join(', ')} in each period`}
  const counts = hits.map(({host, first, second}) => `${host} dropped ${first} packets, and then ${second - first}`)
  return {
    holds: true,
    says: `${answered.length} connections that were answered were not for a while, and then were again; ${counts.join(', ')}`,
  }
}

function list(asked: readonly Dialled[]): string {
  return asked.map(({from, to, port}) => `${from} to ${to}:${port}`).join(', ')
}

/** The rules lie there all the time, and the loop runs. */
function stillFlaps(host: HostName, cut: string, rules: string): Still {
  const table = tableName(cut)
  const script = `nft list table inet ${table} 2>&1 || true
if pgrep -f '^/bin/sh [^ ]*/flap-network awake ${table} ' > /dev/null; then echo flaps; fi`
  return async sight => {
    const printed = await sight.run(host, script)
    const says = whatIsMissing(rules, printed) ?? (/^flaps$/m.test(printed) ? null : 'nobody cuts it any more')
    return says === null ? null : `the link of ${host} does not come and go any more: ${says}`
  }
}
