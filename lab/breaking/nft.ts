/**
 * The Cuts of a host as an nftables script (nft(8)). One table a fault and host, and the addresses in sets whose elements time
 * out: the kernel heals the partition by itself when nobody else does.
 */

import type {Allocation, HostName, Topology} from '../topology/topology.ts'
import {type Cut, portsOf} from './cuts.ts'
import type {Still} from './lasting.ts'

export type How = 'drop' | 'reject'

/** The table of a fault is `inet pgha_lab_<cut>`; a step's name may hold what nft and a shell must not see. */
export function cutName(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/gu, one => `_${one.codePointAt(0)?.toString(16)}_`)
}

export const tableName = (cut: string) => `pgha_lab_${cut}`
export const tableOf = (cut: string) => `inet ${tableName(cut)}`

interface Rules {
  /** From `cutName`. */
  readonly cut: string
  readonly cuts: readonly Cut[]
  readonly how: How
  /** null: nobody is in the sets yet (`elementsOf`). */
  readonly limitMs: number | null
}

/** The lab, as far as a rule names parts of it. */
interface Where {
  readonly topology: Pick<Topology, 'ports'>
  readonly allocation: Pick<Allocation, 'addresses'>
}

/** Loaded in one transaction with `nft -f -`; takes the place of a table of the same name. */
export function nftScript({cut, cuts, how, limitMs}: Rules, {topology, allocation: {addresses}}: Where): string {
  const sets = cuts.map(one => {
    const elements = limitMs === null ? '' : ` elements = ${members(addresses, one, limitMs)}`
    return `  set ${setName(one)} { type ipv4_addr; flags timeout;${elements} }\n`
  })
  return `\
table ${tableOf(cut)}
delete table ${tableOf(cut)}
table ${tableOf(cut)} {
${sets.join('')}\
${chain('input', cuts, how, topology)}\
${chain('output', cuts, how, topology)}\
}
`
}

/** Puts the addresses into the sets of a table that is there, for so long. */
export function elementsOf({cut, cuts, limitMs}: Rules, {allocation: {addresses}}: Where): string {
  return cuts
    .map(one => `add element ${tableOf(cut)} ${setName(one)} ${members(addresses, one, limitMs ?? 0)}\n`)
    .join('')
}

function members(addresses: Readonly<Record<HostName, string>>, {peers}: Cut, limitMs: number): string {
  return `{ ${peers.map(peer => `${addressOf(addresses, peer)} timeout ${Math.round(limitMs)}ms`).join(', ')} }`
}

function addressOf(addresses: Readonly<Record<HostName, string>>, host: HostName): string {
  const address = addresses[host]
  if (address === undefined) throw new TypeError(`host ${host} has no address`)
  return address
}

function setName({service, end, ways}: Cut): string {
  return [service ?? 'everything', ...(end === 'either' ? [] : [end]), ...(ways === 'both' ? [] : [ways])].join('_')
}

function chain(hook: 'input' | 'output', cuts: readonly Cut[], how: How, topology: Where['topology']): string {
  const rules = cuts
    .filter(({ways}) => ways === 'both' || (ways === 'in') === (hook === 'input'))
    .flatMap(one => rulesOf(hook, one, how, portsOf(topology, one.service)))
  // What `reject` sends passes these chains as well, and would never arrive.
  const answers = how === 'reject' ? ['tcp flags rst accept', 'icmp type destination-unreachable accept'] : []
  return `\
  chain ${hook} {
    type filter hook ${hook} priority -10; policy accept;
${[...answers, ...rules].map(rule => `    ${rule}\n`).join('')}\
  }
`
}

function rulesOf(hook: 'input' | 'output', cut: Cut, how: How, numbers: readonly number[]): string[] {
  const peers = `ip ${hook === 'input' ? 'saddr' : 'daddr'} @${setName(cut)}`
  if (cut.service === null)
    return how === 'drop'
      ? [`${peers} counter drop`]
      : [
          `${peers} meta l4proto tcp counter reject with tcp reset`,
          `${peers} counter reject with icmpx port-unreachable`,
        ]
  const ports = `{ ${numbers.join(', ')} }`
  const verdict = how === 'drop' ? 'counter drop' : 'counter reject with tcp reset'
  // The service's port is the peer's where this host is the client, and its own where it is the server.
  const [theirs, ours] = hook === 'input' ? ['sport', 'dport'] : ['dport', 'sport']
  return [
    ...(cut.end === 'server' ? [] : [`${peers} tcp ${theirs} ${ports} ${verdict}`]),
    ...(cut.end === 'client' ? [] : [`${peers} tcp ${ours} ${ports} ${verdict}`]),
  ]
}

/** A script of `nftScript` is in force on a host: each address in its set, each rule in its chain. */
export function stillCut(host: HostName, cut: string, script: string): Still {
  return async sight => {
    const says = whatIsMissing(script, await sight.run(host, `nft list table ${tableOf(cut)} 2>&1 || true`))
    return says === null ? null : `the cut on ${host} is gone: ${says}`
  }
}

export function whatIsMissing(script: string, listing: string): string | null {
  if (/No such file or directory/.test(listing)) return 'its nftables table is not there'
  if (!listing.includes('table inet')) throw new TypeError(`nft said: ${listing}`)
  const wanted = [...script.matchAll(/([\d.]+) timeout \d+ms/g)].map(found => found[1]!)
  const there = new Set(listing.split(/[\s,{}]+/))
  const missing = wanted.filter(address => !there.has(address))
  if (missing.length > 0) return `its sets lack ${missing.join(', ')}`
  const [rules, left] = [script, listing].map(text => text.split('\n').filter(line => /\bcounter\b/.test(line)).length)
  return left! < rules! ? `it has ${left} of its ${rules} rules` : null
}

export interface Hits {
  readonly in: number
  readonly out: number
}

/** Packets that the rules have stopped so far, from `nft list table`. */
export function hitsOf(listing: string): Hits {
  const hits = {in: 0, out: 0}
  let hook: 'in' | 'out' | null = null
  for (const line of listing.split('\n')) {
    if (/^\s*chain /.test(line)) hook = /chain input\b/.test(line) ? 'in' : 'out'
    const packets = /counter packets (\d+)/.exec(line)?.[1]
    if (hook !== null && packets !== undefined) hits[hook] += Number(packets)
  }
  return hits
}
