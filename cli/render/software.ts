/** What a run ran on, in two parts: the releases, which a reader looks for, and what the image of the hosts was built from. */

import type {Report} from '../../lab/index.ts'

const spelled: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  patroni: 'Patroni',
  haproxy: 'HAProxy',
  pgbouncer: 'PgBouncer',
}

/** Of the image, for whoever has to build the same again: digests and lists of packages (lab/cluster/versions.ts). */
const ofImage: ReadonlySet<string> = new Set(['packages', 'base', 'image'])

/** `['PostgreSQL 17.12', 'Patroni 4.0.7', ...]` */
export function releases({versions}: Pick<Report, 'versions'>): string[] {
  return Object.entries(versions).flatMap(([name, version]) =>
    ofImage.has(name) ? [] : [`${spelled[name] ?? name} ${version}`],
  )
}

/** `[['packages', 'postgresql-17 17.12-0+deb13u1, ...'], ...]`; empty where the run does not say. */
export function builtFrom({versions}: Pick<Report, 'versions'>): (readonly [string, string])[] {
  return Object.entries(versions).filter(([name]) => ofImage.has(name))
}

export const builtFromTitle = 'what the image of the hosts was built from'
