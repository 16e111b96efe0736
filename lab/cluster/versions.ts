/** What software is under test, as it says itself, and what the image of the hosts says of its packages. */

import {type ImageRecord, recordOf, sayPackages} from '../engine/image-record.ts'
import type {Lab} from '../engine/lab.ts'
import type {Answer} from '../observer/ask.ts'
import {sayBuild} from '../topology/patroni-build.ts'
import {hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

/** They are asked once, when the run begins: a busy machine must not lose them. */
const withinMs = 5000

/**
 * e.g. {postgres: '17.11', patroni: '4.0.7', etcd: '3.5.16', haproxy: '3.0.11', packages: 'postgresql-17 17.11-0+deb13u1, ...',
 * base: 'debian@sha256:...', image: '4f1c2a9b8d07'}; what does not answer is left out.
 */
export async function versions(lab: Lab): Promise<Record<string, string>> {
  const [databases, members] = [hostsWith(lab.topology, 'patroni'), hostsWith(lab.topology, 'etcd')]
  const proxies = hostsWith(lab.topology, 'haproxy') // whether or not clients come in there
  const [database] = databases
  const [proxy] = proxies
  const [pooler] = hostsWith(lab.topology, 'pgbouncer')
  const [sharing] = hostsWith(lab.topology, 'keepalived')
  const patronis = databases.map(host => json(lab.ask(host, 'patroni', '/patroni', {withinMs})))
  const etcds = members.map(host => json(lab.ask(host, 'etcd', '/version', {withinMs})))
  const [ofPostgres, ofPatroni, ofEtcd, ofHaproxy, ofPgbouncer, ofKeepalived, image] = await Promise.all([
    firstToTell(patronis, 'server_version'),
    firstToTell(patronis, 'patroni'),
    firstToTell(etcds, 'etcdserver'),
    proxy === undefined ? undefined : said(lab, proxy, ['haproxy', '-v'], /version (\S+?)[-\s]/),
    pooler === undefined ? undefined : said(lab, pooler, ['pgbouncer', '--version'], /^PgBouncer (\S+)/),
    sharing === undefined
      ? undefined
      : said(lab, sharing, ['sh', '-c', 'keepalived --version 2>&1'], /^Keepalived v(\S+)/),
    imageOf(lab, database ?? members[0] ?? proxy),
  ])
  const server = Number(ofPostgres ?? 0)
  return Object.fromEntries(
    Object.entries({
      postgres: server > 0 ? `${Math.floor(server / 10_000)}.${server % 10_000}` : undefined,
      patroni: (ofPatroni as {version?: string} | undefined)?.version,
      'patroni build': lab.topology.patroniBuild && sayBuild(lab.topology.patroniBuild),
      etcd: ofEtcd as string | undefined,
      haproxy: ofHaproxy,
      pgbouncer: ofPgbouncer,
      keepalived: ofKeepalived,
      ...ownImagesOf(lab),
      // Labels of an image of somebody's own are those of what it was built from.
      packages: image && lab.allocation.images.own === undefined ? sayPackages(image.packages) : undefined,
      base: image?.base ?? undefined,
      image: image?.id,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** e.g. {'image of patroni': 'my/postgres-host:1 (4f1c2a9b8d07)'} */
function ownImagesOf({topology, allocation}: Lab): Record<string, string> {
  const said = Object.entries(topology.images ?? {}).map(([service, image]) => {
    const id = allocation.images.own?.[image]?.replace('sha256:', '').slice(0, 12)
    return [`image of ${service}`, `${image} (${id})`] as const
  })
  return Object.fromEntries(said)
}

async function imageOf(lab: Lab, host: string | undefined): Promise<ImageRecord | undefined> {
  if (host === undefined) return undefined
  return answered(async () => {
    const found = await lab.engineOf(host).image((await lab.container(host)).image)
    return found === null ? undefined : recordOf(found)
  })
}

/** All hosts of a lab run the same software, so whoever is up tells it for those that are down, starting or slow. */
async function firstToTell(answers: readonly Promise<Record<string, unknown>>[], what: string): Promise<unknown> {
  const telling = answers.map(async answer => {
    const told = (await answer)[what]
    if (told === undefined) throw new TypeError(`it does not tell its ${what}`)
    return told
  })
  return Promise.any(telling).catch(() => undefined) // versions are for the reader; where everything is down nobody tells one
}

async function json(answer: Promise<Answer>): Promise<Record<string, unknown>> {
  return JSON.parse((await answer).body) as Record<string, unknown>
}

function said(lab: Lab, host: string, command: string[], version: RegExp): Promise<string | undefined> {
  return answered(async () => {
    const {out} = await lab.engineOf(host).run((await lab.container(host)).id, command)
    return version.exec(out)?.[1]
  })
}

/** Whoever needs the engine or the host for more than that finds it missing, and says so. */
async function answered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return undefined
  }
}
