/** What software is under test, as it says itself, and what the image of the hosts says of its packages. */

import {type ImageRecord, recordOf, sayPackages} from '../engine/image-record.ts'
import type {Lab} from '../engine/lab.ts'
import type {Answer} from '../observer/ask.ts'
import {hostsWith} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

const withinMs = 1000

/**
 * e.g. {postgres: '17.11', patroni: '4.0.7', etcd: '3.5.16', haproxy: '3.0.11', packages: 'postgresql-17 17.11-0+deb13u1, ...',
 * base: 'debian@sha256:...', image: '4f1c2a9b8d07'}; what does not answer is left out.
 */
export async function versions(lab: Lab): Promise<Record<string, string>> {
  const [database] = hostsWith(lab.topology, 'patroni')
  const [etcd] = hostsWith(lab.topology, 'etcd')
  const [proxy] = hostsWith(lab.topology, 'haproxy') // whether or not clients come in there
  const [ofPatroni, ofEtcd, ofHaproxy, image] = await Promise.all([
    database === undefined ? undefined : json(lab.ask(database, 'patroni', '/patroni', {withinMs})),
    etcd === undefined ? undefined : json(lab.ask(etcd, 'etcd', '/version', {withinMs})),
    proxy === undefined ? undefined : haproxyVersion(lab, proxy),
    imageOf(lab, database ?? etcd ?? proxy),
  ])
  const server = Number(ofPatroni?.server_version ?? 0)
  return Object.fromEntries(
    Object.entries({
      postgres: server > 0 ? `${Math.floor(server / 10_000)}.${server % 10_000}` : undefined,
      patroni: (ofPatroni?.patroni as {version?: string} | undefined)?.version,
      etcd: ofEtcd?.etcdserver as string | undefined,
      haproxy: ofHaproxy,
      packages: image && sayPackages(image.packages),
      base: image?.base ?? undefined,
      image: image?.id,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

async function imageOf(lab: Lab, host: string | undefined): Promise<ImageRecord | undefined> {
  if (host === undefined) return undefined
  return answered(async () => {
    const found = await lab.docker.image((await lab.container(host)).image)
    return found === null ? undefined : recordOf(found)
  })
}

async function json(answer: Promise<Answer>): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse((await answer).body) as Record<string, unknown>
  } catch {
    return undefined // versions are for the reader; a host that is down has none to tell
  }
}

function haproxyVersion(lab: Lab, proxy: string): Promise<string | undefined> {
  return answered(async () => {
    const {out} = await lab.docker.run((await lab.container(proxy)).id, ['haproxy', '-v'])
    return /version (\S+?)[-\s]/.exec(out)?.[1]
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
