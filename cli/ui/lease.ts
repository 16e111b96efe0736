/** The lease of Patroni's leader key, as far as it is known from its refreshes and from etcd. */
import type {Micros, Of, Topology} from '../../lab/index.ts'

export interface Lease {
  readonly expiresAt: Micros
  readonly refreshedAt: Micros
}

/** Patroni refreshes the lease and writes `/status` right after: from then on the key has a whole ttl left. */
export function refreshed(so: Lease | null, at: Micros, topology: Topology | null): Lease | null {
  if (topology === null) return null
  const refreshedAt = Math.max(at, so?.refreshedAt ?? at)
  const expiresAt = refreshedAt + topology.patroni.ttlSeconds * 1_000_000
  return {refreshedAt, expiresAt: Math.max(expiresAt, so?.expiresAt ?? 0)}
}

/** A new etcd leader starts every lease afresh: then etcd's own answer is later than what the last refresh implies. */
export function leaseTold(so: Lease | null, event: Of<'lease'>): Lease | null {
  if (so === null || event.leftSeconds > event.grantedSeconds + 10) return so
  const expiresAt = event.at + event.leftSeconds * 1_000_000
  return expiresAt > so.expiresAt + 1_000_000 ? {...so, expiresAt} : so
}
