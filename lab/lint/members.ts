/** Who belongs to the cluster, as far as the files tell. */
import {answering} from '../haproxy/check.ts'
import {
  type HaproxyProxy,
  type HaproxyServer,
  isBeside,
  isChecked,
  proxiesOf,
  servesPostgres,
} from '../haproxy/proxies.ts'
import type {HostPort} from '../words/place.ts'
import type {Files} from './read/read.ts'

/** The proxies through which clients come to PostgreSQL. */
export function postgresProxies(files: Files): readonly HaproxyProxy[] {
  const members = memberAddresses(files)
  return files.haproxy.flatMap(proxiesOf).filter(proxy => servesPostgres(proxy, members))
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
    const {check} = proxy
    const asks = check?.asksHttp === true && ['primary', 'leader'].includes(answering(check))
    return server === undefined ? [] : [{proxy, server, asks}]
  })
  return all.find(one => one.asks) ?? all[0]
}
