/** What an image of ours says of itself in its labels: what it was built on, and every Debian package in it. */
import {createHash} from 'node:crypto'
import {releases} from '../topology/release.ts'
import type {ImageFound, Images} from './docker.ts'

/** Package names and versions as dpkg has them, e.g. {'postgresql-17': '17.12-0+deb13u1'}. */
export type Packages = Readonly<Record<string, string>>

export const imageLabels = {
  ours: 'pgha-lab.image',
  base: 'pgha-lab.base',
  packages: 'pgha-lab.packages',
  release: 'pgha-lab.release',
} as const

/** What a person asks after first; the label has all. */
const shownPackages = [
  ...Object.values(releases).map(one => one.serverPackage),
  ...['patroni', 'etcd-server', 'haproxy', 'pgbouncer', 'keepalived'],
]

export interface ImageRecord {
  /** Twelve hex digits of the image's id. */
  readonly id: string
  /** ms since 1970. */
  readonly builtAt: number
  /** e.g. `debian@sha256:...`; null for an image that does not say. */
  readonly base: string | null
  readonly packages: Packages
}

export function recordOf({id, createdAt, labels}: ImageFound): ImageRecord {
  return {
    id: id.replace('sha256:', '').slice(0, 12),
    builtAt: createdAt,
    base: labels[imageLabels.base] ?? null,
    packages: parsePackages(labels[imageLabels.packages] ?? ''),
  }
}

/** `name=version` a word, as in the label and as `dpkg-query` is told to print it. */
export function parsePackages(text: string): Packages {
  const pairs = text.split(/\s+/).flatMap(word => {
    const at = word.indexOf('=')
    return at > 0 ? [[word.slice(0, at), word.slice(at + 1)] as const] : []
  })
  return Object.fromEntries(pairs)
}

export function printPackages(packages: Packages): string {
  return Object.entries(packages)
    .map(([name, version]) => `${name}=${version}`)
    .sort()
    .join(' ')
}

/** dpkg's status file: stanzas with `Package:` and `Version:`. */
export function parseDpkgStatus(text: string): Packages {
  const pairs = text.split(/\n\n+/).flatMap(stanza => {
    const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(stanza)?.[1]
    const [name, version] = [field('Package'), field('Version')]
    return name !== undefined && version !== undefined ? [[name, version] as const] : []
  })
  return Object.fromEntries(pairs)
}

/** What a base image was made of that came from no registry, in one line for its label. */
export function sayBootstrap(suite: string, release: string | null, packages: Packages): string {
  const date = /^Date: (.+)$/m.exec(release ?? '')?.[1]
  const of =
    release === null
      ? 'a mirror without a Release file'
      : `the Release of ${date ?? 'an unknown date'} (sha256:${sha256(release)})`
  return `mmdebstrap ${suite} from ${of}, ${Object.keys(packages).length} packages (sha256:${sha256(printPackages(packages))})`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The image that others are built on: its digest where it came from a registry, else what it says, else its id. */
export async function sayBase(docker: Pick<Images, 'image'>, reference: string): Promise<string> {
  const found = await docker.image(reference)
  if (found === null) return reference
  return found.digests.find(digest => digest.startsWith('debian@')) ?? found.labels[imageLabels.base] ?? found.id
}

/** e.g. ['patroni 4.0.6-1 -> 4.0.7-1', '+ libx 1.0', '- liby 2.0']; empty when both hold the same. */
export function packageChanges(before: Packages, after: Packages): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap(name => {
    const [old, now] = [before[name], after[name]]
    if (old === now) return []
    if (old === undefined) return [`+ ${name} ${now}`]
    return [now === undefined ? `- ${name} ${old}` : `${name} ${old} -> ${now}`]
  })
}

/** For the run's versions: `postgresql-17 17.12-0+deb13u1, patroni 4.0.7-1, ...`; undefined where the image does not say. */
export function sayPackages(packages: Packages): string | undefined {
  const shown = shownPackages.filter(name => packages[name] !== undefined)
  return shown.length === 0 ? undefined : shown.map(name => `${name} ${packages[name]}`).join(', ')
}

/** `today`, `1 day ago`, `40 days ago`; an engine may not say. */
export function sayAge(builtAt: number, now = Date.now()): string {
  if (Number.isNaN(builtAt)) return 'at an unknown time'
  const days = Math.floor((now - builtAt) / 86_400_000)
  if (days < 1) return 'today'
  return days === 1 ? '1 day ago' : `${days} days ago`
}
