/** What of a cluster the lab cannot have: said before anything else, because without it the lab is healthier. */

import {isPooler} from '../haproxy/proxies.ts'
import {pausedIn} from '../lint/as-topology.ts'
import {lint} from '../lint/lint.ts'
import {postgresProxies} from '../lint/members.ts'
import type {Files} from '../lint/read/read.ts'
import {entryAt, isOnAt, listAt, nodeAt, scalarAt, wordAt} from '../lint/read/yaml-path.ts'
import {releaseNames, releaseOf, releases, usualRelease} from '../topology/release.ts'
import {LabError} from '../words/errors.ts'
import {sayPlace} from '../words/place.ts'
import {unlikeSharing} from './keepalived.ts'
import {unlikePooler} from './pgbouncer.ts'
import {speaksTls} from './security.ts'
import {unlike} from './unlike.ts'

/** Mistakes that the lab has as well, and such as have no part in a failover. Of every other one the lab is without. */
const inLab: ReadonlySet<string> = new Set([
  ...['patroni/timing-rule', 'patroni/timing-below-minimum', 'patroni/watchdog-too-short', 'patroni/watchdog-off'],
  ...['patroni/failsafe-without-room', 'patroni/zero-lag', 'patroni/strict-with-one-standby'],
  ...[
    'patroni/synchronous-with-one-standby',
    'patroni/synchronous-nodes',
    'patroni/no-sync-candidate',
    'patroni/paused',
    'patroni/value-misread',
  ],
  ...['patroni/synchronous-commit-off', 'patroni/fsync-off', 'patroni/no-rewind', 'patroni/nobody-may-lead'],
  ...[
    'patroni/unknown-key',
    'patroni/setting-misplaced',
    'patroni/slot-not-a-mapping',
    'patroni/slot-not-made',
    'patroni/probable-typo',
  ],
  ...['patroni/old-name', 'patroni/removed', 'patroni/local-parameter-ignored', 'patroni/managed-parameter'],
  ...['patroni/contradicting-tags', 'patroni/replicatefrom-unknown', 'patroni/password-is-a-number'],
  ...['patroni/sample-password', 'patroni/archive-without-command', 'patroni/hba-trust-world', 'patroni/bootstrap-hba'],
  // Of too few addresses the lines of pg_hba themselves are told.
  ...['patroni/hba-no-replication', 'patroni/hba-no-rewind', 'patroni/hba-too-few-addresses'],
  ...['patroni/dcs-deprecated', 'patroni/empty-password'],
  ...['cluster/restapi-tls-mismatch', 'cluster/check-slower-than-failover', 'cluster/dcs-differs'],
  ...['cluster/pooler-secret', 'cluster/pooler-hash'],
  ...['etcd/no-majority', 'etcd/even-members', 'etcd/election-below-5-heartbeats', 'etcd/default-token'],
  ...['etcd/unknown-key', 'etcd/v2-flag', 'etcd/all-existing'],
  ...['haproxy/no-role-check', 'haproxy/check-true-for-several', 'haproxy/read-only-serves-primary'],
  ...['haproxy/check-never-true', 'haproxy/server-without-check', 'haproxy/no-shutdown-sessions'],
  ...['haproxy/unit-with-more', 'haproxy/no-timeouts'],
  ...['haproxy/interval-in-ms', 'haproxy/no-timeout-check', 'haproxy/idle-timeout', 'haproxy/maxconn-below-postgres'],
  ...['haproxy/no-last-newline', 'haproxy/check-without-verify'],
  ...['file/placeholder', 'file/duplicate-key'],
  ...['keepalived/password-cut', 'keepalived/no-track-script', 'keepalived/track-script-outside'],
  ...['keepalived/track-script-unknown', 'keepalived/weight-below-gap', 'pgbouncer/auth-any'],
])

const stores = ['consul', 'zookeeper', 'kubernetes', 'exhibitor', 'raft'] as const

/** @throws LabError `config` for a cluster of which nothing like it can be made. */
export function mustBeImportable({patroni, dynamic}: Files): void {
  for (const {root, dcs} of patroni) {
    for (const store of stores) {
      const entry = entryAt(root, store)
      if (entry !== undefined)
        throw new LabError(
          'config',
          `${sayPlace(entry.place)}: Patroni keeps its state in ${store}; a lab has etcd only`,
        )
    }
    refuseStandby(entryAt(dcs, 'standby_cluster'))
    refuseCitus(root)
  }
  for (const {root} of dynamic) refuseStandby(entryAt(root, 'standby_cluster'))
}

/** What is no number and no name Patroni passes over (config.py: _build_effective_configuration). */
function refuseCitus(root: Parameters<typeof entryAt>[0]): void {
  const [place, group, database] = [
    entryAt(root, 'citus')?.place,
    scalarAt(root, 'citus', 'group')?.value,
    scalarAt(root, 'citus', 'database')?.value,
  ]
  if (place === undefined || typeof group !== 'number' || typeof database !== 'string') return
  throw new LabError(
    'config',
    `${sayPlace(place)}: a member of Citus is one of several groups that know each other, which a lab cannot have yet`,
  )
}

function refuseStandby(entry: ReturnType<typeof entryAt>): void {
  if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) return
  throw new LabError(
    'config',
    `${sayPlace(entry.place)}: a standby cluster follows another one, which a lab cannot have yet`,
  )
}

export function hasTlsMismatch(files: Files): boolean {
  return lint(files).findings.some(({rule}) => rule.id === 'cluster/restapi-tls-mismatch')
}

/** Each a sentence. Of their words only places. */
export function notModelled(files: Files): readonly string[] {
  const broken = Map.groupBy(
    lint(files).findings.filter(({rule}) => rule.severity !== 'advice' && !inLab.has(rule.id)),
    ({rule}) => rule,
  )
  const mistakes = [...broken].map(([{id, about}, findings]) => {
    const more = findings.length > 1 ? ` and ${findings.length - 1} more` : ''
    return `${sayPlace(findings[0]!.place)}${more}: your cluster has this mistake, and the lab has not: ${about} (${id}).`
  })
  return [
    ...pausedIn(files),
    ...unlike(files),
    ...unlikePooler(files),
    ...unlikeSharing(files),
    ...poolers(files),
    ...mistakes,
    ...tls(files),
    ...replicas(files),
    ...otherRelease(files),
  ]
}

/** Whose pooler is there shows in the port, also where its own file is not given. */
function poolers(files: Files): string[] {
  if (files.pgbouncer.length > 0) return []
  const ports = new Set(files.patroni.map(({address}) => address?.port))
  const found = postgresProxies(files)
    .flatMap(({servers}) => servers)
    .find(server => isPooler(server) && !ports.has(server.address.port))
  return found === undefined
    ? []
    : [
        `${sayPlace(found.place)}: this leads to a pooler; whose pgbouncer.ini is not given; the lab runs none, and HAProxy leads to PostgreSQL.`,
      ]
}

/** A copy of the leader may be quicker than a restore, and it may load the leader where a restore does not. */
function replicas({patroni}: Files): string[] {
  const method = patroni.flatMap(({root}) =>
    ['create_replica_methods', 'create_replica_method'].flatMap(key => listAt(root, 'postgresql', key)),
  )
  const own = method.find(({text}) => text !== 'basebackup')
  return own === undefined
    ? []
    : [
        `${sayPlace(own.place)}: your replicas are made in a way of their own; those of the lab are copies of the leader.`,
      ]
}

/** Where one side alone speaks it the lab has no such thing, and that is told as the mistake that it is. */
function tls(files: Files): string[] {
  const {patroni, etcd} = files
  const isShared = !lint(files).findings.some(({rule}) => rule.id === 'cluster/etcd-tls-mismatch')
  const inPatroni = patroni.find(
    one =>
      one.restapi.certificate !== undefined ||
      (isShared && speaksTls(one)) ||
      isOnAt(nodeAt(one.root, 'postgresql', 'parameters'), 'ssl') === true,
  )
  const inEtcd = isShared ? etcd.find(({settings}) => settings.has('cert-file') || settings.has('auto-tls')) : undefined
  const file = inPatroni?.file ?? inEtcd?.file
  return file === undefined
    ? []
    : [
        `${file}: the lab has TLS where yours has it, with certificates of its own: when yours expire, and for which addresses they hold, it does not tell.`,
      ]
}

function otherRelease({patroni}: Files): string[] {
  const {title} = releaseOf({release: usualRelease})
  const said = patroni.flatMap(({root, file}) => {
    const path = wordAt(root, 'postgresql', 'bin_dir') ?? wordAt(root, 'postgresql', 'data_dir')
    const [, version] = /(?:postgresql|pgsql)[/-]?(\d{2})(?:\/|$)/.exec(path?.text ?? '') ?? []
    return version === undefined || `PostgreSQL ${version}` === title ? [] : [{file, version}]
  })
  const [first] = said
  if (first === undefined) return []
  const like = releaseNames.find(name => releases[name].title === `PostgreSQL ${first.version}`)
  const instead = like === undefined ? '' : `, and yours with \`release: ${like}\``
  return [`${first.file}: yours is PostgreSQL ${first.version}; the lab runs ${title}${instead}.`]
}
