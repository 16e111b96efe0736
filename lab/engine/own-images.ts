/**
 * Whether an image of somebody's own can be a host of a lab: asked of itself in a container without a network, before anything is
 * raised. It has to have the lab's own programs, as one has that is built from the image of the hosts, and services of the versions that
 * the lab's settings and its timing model are about.
 */
import {createHash} from 'node:crypto'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {ownImageOf} from '../topology/own-images.ts'
import {releases} from '../topology/release.ts'
import {type SupervisedName, supervisedNames} from '../topology/services.ts'
import type {Topology} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand, quoted, shell} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {printable} from '../words/printable.ts'
import type {Exec, Images, Throwaways} from './docker.ts'
import {type Packages, recordOf} from './image-record.ts'

/** What this asks of the engine. */
export type OwnImageEngine = Pick<Images, 'image'> & Pick<Throwaways, 'throwaway'> & Pick<Exec, 'run'>

/** By its name, the id of each: `sha256:<64 hex>`. */
export type ImageIds = Readonly<Record<string, string>>

/** Where the lab's own programs are in the image of the hosts; by their folders in images/host. */
const folders = {bin: '/usr/local/bin', services: '/usr/local/share/pgha-lab/services'} as const

/** How each service says its version, Debian's package of it, and how many numbers of a version decide whether it is another one. */
const programs: Readonly<
  Record<
    SupervisedName,
    {readonly ask: string; readonly says: RegExp; readonly title: string; readonly of: string; readonly parts: 1 | 2}
  >
> = {
  etcd: {ask: 'etcd --version', says: /etcd Version: (\d+\.\d+)/, title: 'etcd', of: 'etcd-server', parts: 2},
  patroni: {ask: 'patroni --version', says: /patroni (\d+\.\d+)/, title: 'Patroni', of: 'patroni', parts: 2},
  haproxy: {ask: 'haproxy -v', says: /version (\d+)\.\d+/, title: 'HAProxy', of: 'haproxy', parts: 1},
  pgbouncer: {ask: 'pgbouncer --version', says: /PgBouncer (\d+\.\d+)/, title: 'PgBouncer', of: 'pgbouncer', parts: 2},
  keepalived: {ask: 'keepalived --version', says: /Keepalived v(\d+)/, title: 'keepalived', of: 'keepalived', parts: 1},
}
const postgres = {ask: 'postgres --version', says: /PostgreSQL\) (\d+)/, title: 'PostgreSQL'}

/**
 * The id of each image that the topology names: the lab keeps that one, whatever its name is given to later.
 * @param base the lab's own image of the hosts, from which theirs is built.
 * @throws LabError `config` for one that is not here, or that cannot be a host, in one sentence.
 */
export async function ownImages(docker: OwnImageEngine, topology: Topology, base: string): Promise<ImageIds> {
  const named = new Map(
    supervisedNames.flatMap(name => {
      const image = topology.images?.[name]
      return image === undefined ? [] : [[image, name] as const]
    }),
  )
  if (named.size === 0) return {}
  const ours = recordOf(
    (await docker.image(base)) ?? {id: '', createdAt: 0, labels: {}, tags: [], digests: []},
  ).packages
  const ids: Record<string, string> = {}
  for (const [image, first] of named) {
    const found = await docker.image(image)
    if (found === null)
      throw new LabError(
        'config',
        `images.${first}: the image ${image} is not on this engine, and is pulled by nobody`,
        {
          hint: next`${shell(`docker pull ${quoted(image)}`)} or, in the folder of its Dockerfile: ${shell(`docker build -t ${quoted(image)} .`)}`,
        },
      )
    const run = servicesOf(topology, image)
    const complaint = await cannotBeHost(docker, found.id, run, topology, ours)
    if (complaint !== undefined)
      throw new LabError('config', `images.${first}: ${image} ${complaint}`, {
        hint: next`its Dockerfile begins with the line that this prints: ${ownCommand('image', '--release', topology.release)}`,
      })
    ids[image] = found.id
  }
  return ids
}

/** Everything that runs on hosts with this image. */
function servicesOf(topology: Topology, image: string): readonly SupervisedName[] {
  const hosts = topology.hosts.filter(host => {
    const by = ownImageOf(topology, host)
    return by !== undefined && topology.images?.[by] === image
  })
  return supervisedNames.filter(name => hosts.some(({services}) => services.includes(name)))
}

async function cannotBeHost(
  docker: OwnImageEngine,
  id: string,
  run: readonly SupervisedName[],
  topology: Topology,
  ours: Packages,
): Promise<string | undefined> {
  let container: Awaited<ReturnType<Throwaways['throwaway']>>
  try {
    container = await docker.throwaway(id)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return `cannot be started to be asked what it has: ${error.message}`
  }
  await using asked = container
  const files = labFiles()
  const sums = await docker.run(asked.id, ['sha256sum', ...files.map(({path}) => path)])
  const found = new Map(
    [...sums.out.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)].map(([, sum = '', path = '']) => [path, sum]),
  )
  const missing = files.find(({path}) => !found.has(path))
  if (missing !== undefined) return `has no ${missing.path}: it is not built from the image of the hosts`
  if (files.some(({path, sum}) => found.get(path) !== sum))
    return 'is built from the image of the hosts of another version of pgha-lab: build it again'
  const user = await docker.run(asked.id, ['id', '-u'])
  if (user.out.trim() !== '0')
    return 'starts as another user than root, who turns a host on: say `USER root` at its end'
  for (const one of wantedOf(run, topology, ours)) {
    const {code, out, err} = await docker.run(asked.id, ['sh', '-c', `${one.ask} 2>&1`])
    const [, has] = one.says.exec(out) ?? []
    if (has === undefined)
      return `does not run ${one.title}: ${printable((out || err).trim().split('\n')[0] || `exit code ${code}`)}`
    if (one.wants !== undefined && has !== one.wants)
      return `has ${one.title} ${has}, and what the lab knows of ${topology.release} is about ${one.title} ${one.wants}`
  }
  return undefined
}

/** undefined wants any: where the base does not say what it has. */
function wantedOf(run: readonly SupervisedName[], {release}: Topology, ours: Packages) {
  const each = run.map(name => {
    const {of, parts, ...program} = programs[name]
    // An epoch may stand before it.
    const version = (ours[of] ?? '').replace(/^\d+:/, '')
    return {...program, wants: (parts === 2 ? /^\d+\.\d+/ : /^\d+/).exec(version)?.[0]}
  })
  if (!run.includes('patroni')) return each
  return [{...postgres, wants: releases[release].serverPackage.replace(/^postgresql-/, '')}, ...each]
}

/** Of this checkout, as the image of the hosts has them. */
function labFiles(): readonly {readonly path: string; readonly sum: string}[] {
  return Object.entries(folders).flatMap(([from, to]) => {
    const root = join(packageRoot, 'images', 'host', from)
    return (readdirSync(root, {recursive: true}) as string[])
      .filter(name => statSync(join(root, name)).isFile())
      .sort()
      .map(name => ({
        path: `${to}/${name}`,
        sum: createHash('sha256')
          .update(readFileSync(join(root, name)))
          .digest('hex'),
      }))
  })
}
