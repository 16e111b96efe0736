/** Who belongs to the cluster, as far as the files tell. */
import {asksWhoLeads} from '../haproxy/check.ts'
import {
  type HaproxyProxy,
  type HaproxyServer,
  isBeside,
  isChecked,
  isForReading,
  proxiesOf,
  servesPostgres,
} from '../haproxy/proxies.ts'
import type {HostPort} from '../words/place.ts'
import type {Files} from './read/read.ts'

/** The proxies through which clients come to PostgreSQL; those that are off where there is no other, so that nobody takes the way in for open. */
export function postgresProxies(files: Files): readonly HaproxyProxy[] {
  const members = memberAddresses(files)
  const all = files.haproxy.flatMap(proxiesOf).filter(proxy => servesPostgres(proxy, members))
  const on = all.filter(({isOff}) => !isOff)
  return on.length > 0 ? on : all
}

/** Of those the ones that choose among members: a proxy before the pooler of its own host chooses nothing. */
export function choosing(files: Files): readonly HaproxyProxy[] {
  return postgresProxies(files).filter(({servers}) => servers.length > 1)
}

export function memberAddresses({patroni}: Pick<Files, 'patroni'>): readonly HostPort[] {
  return patroni.flatMap(({address}) => (address === undefined ? [] : [address]))
}

/** How many members the cluster has; undefined where one file stands for all of them. */
export function memberCount(files: Files): number | undefined {
  const counts = choosing(files)
    .filter(proxy => !isBeside(proxy))
    .map(({servers}) => new Set(servers.map(({address}) => address.text)).size)
  const files_ = files.patroni.length > 1 ? [files.patroni.length] : []
  const all = [...counts, ...files_]
  return all.length === 0 ? undefined : Math.max(...all)
}

/** Where writers come in: what asks who leads, rather than what does not. */
export function writing(files: Files): {proxy: HaproxyProxy; server: HaproxyServer; asks: boolean} | undefined {
  const all = postgresProxies(files).flatMap(proxy => {
    const server = proxy.servers.find(isChecked) ?? proxy.servers[0]
    return server === undefined ? [] : [{proxy, server, asks: asksWhoLeads(proxy.check)}]
  })
  return all.find(one => one.asks) ?? all.find(({proxy}) => !isForReading(proxy)) ?? all[0]
}
