/** The lab's own two images. Their tags are hashes of what they are made of, so an image that is present is the right one. */
import {existsSync} from 'node:fs'
import {copyFile, cp, mkdtemp, rm} from 'node:fs/promises'
import {join} from 'node:path'
import type {ImageFound} from '../engine/docker.ts'
import {
  imageLabels,
  type Packages,
  packageChanges,
  parsePackages,
  printPackages,
  recordOf,
  sayBase,
} from '../engine/image-record.ts'
import {savedLabs} from '../state/folders.ts'
import {loadLab} from '../state/state.ts'
import type {PatroniBuild} from '../topology/patroni-build.ts'
import {type ReleaseName, releases, usualRelease} from '../topology/release.ts'
import {allOrNone} from '../words/all-or-none.ts'
import {LabError} from '../words/errors.ts'
import {ownCommand, shell} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {type Progress, step} from '../words/progress.ts'
import type {Detail} from './apt.ts'
import {ensureBaseImage} from './base-image.ts'
import {buildImage, contentHash} from './build-image.ts'
import {run} from './command.ts'
import {tempPrefix} from './leftovers.ts'
import type {SetupEngine} from './start-engine.ts'

export interface ImageTags {
  /** Everything that runs on a host: etcd, Patroni, PostgreSQL, HAProxy. */
  readonly host: string
  /** Node and Python, and the agents that run the clients. */
  readonly app: string
  /** Where the hosts run a Patroni of somebody's own that is a checkout. */
  readonly commit?: PatroniBuild['commit']
}

/**
 * `pgha-lab/host:<release>-<12 hex>` and `pgha-lab/app:<12 hex>`; throws `setup-failed` when what goes into them is not built. Whoever
 * measures is the same for all releases: the clients' image is always of the usual one.
 */
export function imageTags(release: ReleaseName = usualRelease, root = packageRoot): ImageTags {
  const missing = bundles.find(name => !existsSync(join(root, 'dist', name)))
  if (missing !== undefined)
    throw new LabError('setup-failed', `what runs in the image of the clients is not built (dist/${missing})`, {
      hint: shell('npm run build'),
    })
  const record = join(root, 'images', 'record')
  const given = {host: hostArguments(release).join(' '), app: appArguments.join(' ')}
  return {
    host: `pgha-lab/host:${release}-${contentHash(given.host, [join(root, 'images', 'host'), record])}`,
    app: `pgha-lab/app:${contentHash(given.app, [join(root, 'images', 'app'), fenceIn(root), record, ...bundles.map(name => join(root, 'dist', name))])}`,
  }
}

/** In `dist`: the agent that runs the clients, and the relay that runs in the observer. */
const bundles = ['agent.mjs', 'observer.mjs'] as const

/** The host of the clients closes its ports as the others do. */
function fenceIn(root: string): string {
  return join(root, 'images', 'host', 'bin', 'fence')
}

export interface ImageOptions {
  readonly signal?: AbortSignal | undefined
  /** Build both anew from the newest base and packages, whatever is here. */
  readonly refresh?: boolean | undefined
  /** What the image of the hosts is of; the usual one when not given. */
  readonly release?: ReleaseName | undefined
}

/**
 * Instantaneous when both are present; otherwise gets the base image and builds what is missing. Throws `image` with the
 * failing step and its last words, `disk-full`, or `interrupted`. The tags that it returns are those of these very images,
 * for a lab to keep: `pgha-lab/host:<release>-<12 hex of what it is made of>-<12 hex of its id>`.
 */
export async function ensureImages(
  docker: SetupEngine,
  progress: Progress,
  options: ImageOptions = {},
): Promise<ImageTags> {
  const {signal, refresh = false, release = usualRelease} = options
  const tags = imageTags(release)
  const before = {host: await docker.image(tags.host), app: await docker.image(tags.app)}
  if (refresh || before.host === null || before.app === null) {
    const bases = new Map<ReleaseName, string>()
    const based = async (of: ReleaseName) => {
      const base = bases.get(of) ?? (await ensureBaseImage(docker, progress, of, options))
      bases.set(of, base)
      return {docker, base, basedOn: await sayBase(docker, base), release: of, refresh}
    }
    const ofHosts = refresh || before.host === null ? await based(release) : null
    const ofClients = refresh || before.app === null ? await based(usualRelease) : null
    // Side by side: one waits for the package mirror while the other unpacks.
    await allOrNone(signal, [
      ...(ofHosts === null
        ? []
        : [(ending: AbortSignal) => makeHosts(tags.host, {...ofHosts, signal: ending}, progress)]),
      ...(ofClients === null
        ? []
        : [(ending: AbortSignal) => makeClients(tags.app, {...ofClients, signal: ending}, progress)]),
    ])
    // Only now, so that a refresh that fails over the second leaves both as they were.
    for (const tag of [
      ...(refresh || before.host === null ? [tags.host] : []),
      ...(refresh || before.app === null ? [tags.app] : []),
    ]) {
      await docker.tagImage(unfinished(tag), tag)
      await docker.removeImage(unfinished(tag))
    }
  }
  const kept = {host: await keep(docker, tags.host), app: await keep(docker, tags.app)}
  if (refresh) {
    for (const [whose, of] of [
      ['hosts', 'host'],
      ['clients', 'app'],
    ] as const)
      await step(
        progress,
        `see what is new in the image of the ${whose}`,
        () => sayChange(docker, before[of], kept[of]),
        says => says,
      )
    await removeReplaced(docker, tags, kept)
  }
  return kept
}

function makeHosts(tag: string, on: Omit<How, 'given' | 'detail'>, progress: Progress): Promise<void> {
  const {release} = on
  const which = release === usualRelease ? '' : ` of ${release}`
  return step(progress, `build the image of the hosts${which}`, detail =>
    make('hosts', tag, join(packageRoot, 'images', 'host'), {...on, given: hostArguments(release), detail}),
  )
}

function makeClients(tag: string, on: Omit<How, 'given' | 'detail'>, progress: Progress): Promise<void> {
  return step(progress, 'build the image of the clients', async detail => {
    const context = await mkdtemp(tempPrefix('app'))
    try {
      await cp(join(packageRoot, 'images', 'app'), context, {recursive: true})
      await copyFile(fenceIn(packageRoot), join(context, 'fence'))
      for (const name of bundles) await copyFile(join(packageRoot, 'dist', name), join(context, name))
      await make('clients', tag, context, {...on, given: appArguments, detail})
    } finally {
      await rm(context, {recursive: true, force: true})
    }
  })
}

/** An image that does not say yet what is in it. Killed in between, it is built anew the next time, and replaced. */
function unfinished(tag: string): string {
  return `${tag}-unfinished`
}

/** A tag of this very image, which stays with it when `tag` goes to a newer one. */
async function keep(docker: SetupEngine, tag: string): Promise<string> {
  const found = await docker.image(tag)
  if (found === null)
    throw new LabError('image', `the image ${tag} is gone again`, {hint: ownCommand('doctor', '--fix')})
  const own = `${tag}-${recordOf(found).id}`
  if (!found.tags.includes(own)) await docker.tagImage(found.id, own)
  return own
}

async function sayChange(docker: SetupEngine, before: ImageFound | null, tag: string): Promise<string> {
  const after = await docker.image(tag)
  if (before === null || after === null) return 'there was none before'
  const [old, now] = [recordOf(before), recordOf(after)]
  const base = old.base === now.base ? [] : [`base ${old.base ?? 'unknown'} -> ${now.base ?? 'unknown'}`]
  const changes = [...base, ...packageChanges(old.packages, now.packages)]
  return changes.length === 0 ? 'nothing: the packages are the same' : changes.join(', ')
}

/** What was refreshed away and no lab of anybody uses. */
async function removeReplaced(docker: SetupEngine, tags: ImageTags, kept: ImageTags): Promise<void> {
  const inLabs = savedLabs().flatMap(name => {
    const {host, app} = loadLab(name)?.allocation.images ?? {}
    return [host, app]
  })
  const stays = new Set([tags.host, tags.app, kept.host, kept.app, ...inLabs])
  for (const tag of await docker.taggedImages(imageLabels.ours)) {
    const found = stays.has(tag) ? null : await docker.image(tag)
    if (found !== null && isOurs(tag, found.id, tags)) await docker.removeImage(tag)
  }
}

/**
 * Whether we gave it this tag. Whoever builds from an image of ours inherits its labels, and may begin a name like ours: `keep` names
 * an image by its own id, and `imageWithPatroni` one by 12 hex digits behind that of its base.
 */
export function isOurs(tag: string, id: string, {host, app}: Pick<ImageTags, 'host' | 'app'>): boolean {
  const own = id.replace('sha256:', '').slice(0, 12)
  if (tag === `${host}-${own}` || tag === `${app}-${own}`) return true
  return tag.startsWith(`${host}-`) && /^[0-9a-f]{12}-[0-9a-f]{12}$/.test(tag.slice(host.length + 1))
}

interface How {
  readonly docker: SetupEngine
  readonly base: string
  readonly basedOn: string
  readonly refresh: boolean
  readonly release: ReleaseName
  /** What `docker build` is told beside. */
  readonly given: readonly string[]
  readonly detail: Detail
  readonly signal: AbortSignal | undefined
}

/** Builds it, asks it for its packages, and builds it once more with labels that tell them. */
async function make(whose: string, tag: string, context: string, how: How): Promise<void> {
  const made = unfinished(tag)
  const {docker, base, basedOn, detail, signal} = how
  const given = [...(how.refresh ? ['--no-cache'] : []), ...how.given]
  await buildImage(docker, whose, made, base, context, given, detail, signal)
  const bare = await docker.image(made)
  const packages = await packagesIn(docker, made, signal)
  const labels = {
    [imageLabels.base]: basedOn,
    [imageLabels.release]: how.release,
    [imageLabels.packages]: printPackages(packages),
  }
  const args = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`])
  await buildImage(docker, whose, made, made, join(packageRoot, 'images', 'record'), args, detail, signal)
  // Without a tag it would outlive the labelled one, and keep all its layers on the disk.
  if (bare !== null) await docker.removeImage(bare.id)
}

async function packagesIn(docker: SetupEngine, tag: string, signal: AbortSignal | undefined): Promise<Packages> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = ['--show', '--showformat=${Package}=${Version}\n']
  const said: string[] = []
  const ran = await run(['docker', 'run', '--rm', '--network', 'none', '--entrypoint', 'dpkg-query', tag, ...format], {
    withinMs: 60_000,
    signal,
    env: {...docker.environment},
    onLine: line => said.push(line),
  })
  if (ran.code === 0) return parsePackages(said.join('\n'))
  throw new LabError('image', `the image ${tag} does not say what is in it: ${ran.lines.at(-1) ?? 'no answer'}`, {
    hint: shell(`docker run --rm --entrypoint dpkg-query ${tag} --show`),
  })
}

function buildArguments(given: Readonly<Record<string, string>>): string[] {
  return Object.entries(given).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
}

function hostArguments(release: ReleaseName): string[] {
  const {imageArguments, morePackages} = releases[release]
  return buildArguments({...imageArguments, MORE: morePackages.join(' ')})
}

const appArguments = buildArguments(releases[usualRelease].imageArguments)
