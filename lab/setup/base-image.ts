/** The image that the lab's images are built on: Debian's of a release, pulled, or made from this machine's own package mirror. */
import {mkdir, mkdtemp, readdir, readFile, rm} from 'node:fs/promises'
import {join} from 'node:path'
import type {ImageFound} from '../engine/docker.ts'
import {imageLabels, parseDpkgStatus, sayBootstrap} from '../engine/image-record.ts'
import {type ReleaseName, releases, usualRelease} from '../topology/release.ts'
import {LabError} from '../words/errors.ts'
import {next, shell} from '../words/next-step.ts'
import {type Progress, step} from '../words/progress.ts'
import {aptInstall, aptUpdate, type Detail, rootEnvironment} from './apt.ts'
import {type AptSource, debianMirror, readAptSources} from './apt-source.ts'
import {run} from './command.ts'
import {mayInstall} from './engine.ts'
import {tempPrefix} from './leftovers.ts'
import type {SetupEngine} from './start-engine.ts'

export function officialBase(release: ReleaseName): string {
  return `debian:${release}-slim`
}

/** Our own tag, once there is a base: whatever the official one becomes here later, ours stays until it is refreshed. */
export function ownBase(release: ReleaseName): string {
  return `pgha-lab/base:${release}`
}

const pullLimitMs = 60_000
const bootstrapLimitMs = 300_000

export async function presentBase(docker: Pick<SetupEngine, 'hasImage'>, release: ReleaseName): Promise<string | null> {
  for (const base of [ownBase(release), officialBase(release)]) if (await docker.hasImage(base)) return base
  return null
}

/**
 * Returns the reference to build on. With `refresh` the newest there is, and what was there stays where none can be had.
 * Throws `image`, `setup-failed` or `disk-full`.
 */
export async function ensureBaseImage(
  docker: SetupEngine,
  progress: Progress,
  release: ReleaseName,
  options: {signal?: AbortSignal | undefined; refresh?: boolean | undefined} = {},
): Promise<string> {
  const {signal, refresh = false} = options
  const [own, official] = [ownBase(release), officialBase(release)]
  const present = refresh ? null : await presentBase(docker, release)
  if (present !== null) {
    if (present !== own) await docker.tagImage(present, own)
    return own
  }
  return step(
    progress,
    `get the base image of Debian ${releases[release].debian}`,
    async detail => {
      // Ours may have been pruned: what the other image was built on is what this one is built on too.
      const known = refresh ? null : await knownDigest(docker, release)
      let why = ''
      for (const reference of [...(known === null ? [] : [known]), official]) {
        detail(`docker pull ${reference}`)
        const pulled = await run(['docker', 'pull', reference], {
          withinMs: pullLimitMs,
          signal,
          env: {...docker.environment},
          onLine: line => detail(line),
        })
        if (pulled.code === 0) {
          await docker.tagImage(reference, own)
          return own
        }
        why = pulled.timedOut ? `took more than ${pullLimitMs / 1000} s` : (pulled.lines.at(-1) ?? 'failed')
      }
      const old = await docker.image(own)
      await bootstrap(docker, release, why, detail, signal)
      await removeReplaced(docker, old)
      return own
    },
    base => base,
  )
}

/** One made here that lost its tag to a newer one; what came from a registry or has a tag may be somebody's. */
async function removeReplaced(docker: SetupEngine, old: ImageFound | null): Promise<void> {
  const now = old && (await docker.image(old.id))
  if (now && now.tags.length === 0 && now.digests.length === 0) await docker.removeImage(now.id)
}

/** `debian@sha256:...` of an image of ours that was built on one of this release from a registry. */
async function knownDigest(docker: SetupEngine, release: ReleaseName): Promise<string | null> {
  for (const tag of await docker.taggedImages(imageLabels.base)) {
    const {[imageLabels.base]: base, [imageLabels.release]: of} = (await docker.image(tag))?.labels ?? {}
    // One without the word is older than it.
    if ((of ?? usualRelease) === release && base !== undefined && /^debian@sha256:[0-9a-f]{64}$/.test(base)) return base
  }
  return null
}

/** Run by mmdebstrap with the new root as $1, while it still has the lists that the packages were taken from. */
const recordHook =
  'for file in "$1"/var/lib/dpkg/status "$1"/var/lib/apt/lists/*Release; do [ ! -f "$file" ] || cp "$file" "$PGHA_LAB_RECORD"; done'

async function whatItWasMadeOf(suite: ReleaseName, folder: string): Promise<string> {
  const names = await readdir(folder)
  const signed = names.find(name => name.endsWith('Release'))
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  return sayBootstrap(
    suite,
    signed === undefined ? null : await read(signed),
    names.includes('status') ? parseDpkgStatus(await read('status')) : {},
  )
}

/** Makes the image from packages, as Debian's own images are made. */
async function bootstrap(
  docker: SetupEngine,
  release: ReleaseName,
  why: string,
  detail: Detail,
  signal?: AbortSignal,
): Promise<void> {
  const official = officialBase(release)
  const mirror = mustHaveMirror(official, why)
  await ensureMmdebstrap(official, why, detail, signal)
  const folder = await mkdtemp(tempPrefix('base'))
  // A file between the two: docker import makes an image even of what a failed mmdebstrap leaves in a pipe.
  const tar = join(folder, 'base.tar')
  try {
    const options = {withinMs: bootstrapLimitMs, signal, env: rootEnvironment()}
    detail('mmdebstrap')
    const settings = await aptSettings()
    const record = join(folder, 'record')
    await mkdir(record)
    const [program, ...args] = bootstrapCommand(release, tar, mirror, settings)
    const made = await run([program, `--customize-hook=${recordHook}`, ...args], {
      ...options,
      env: {...options.env, PGHA_LAB_RECORD: record},
      onLine: line => detail(line),
    })
    if (made.code !== 0) throw failed(official, 'mmdebstrap', made.lines)
    detail('docker import')
    const label = `LABEL ${imageLabels.base}=${JSON.stringify(await whatItWasMadeOf(release, record))}`
    const command = ['docker', 'import', '--change', 'CMD ["bash"]', '--change', label, tar, ownBase(release)] as const
    const imported = await run(command, {...options, env: {...options.env, ...docker.environment}})
    if (imported.code !== 0) throw failed(official, 'docker import', imported.lines)
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

/** What Debian's own `-slim` leaves out: 47 MB of manuals and translations. dpkg of the image goes on leaving them out. */
const withoutManuals = ['doc', 'info', 'locale', 'man']

/**
 * mmdebstrap finds the key for a plain URI by itself, and names it in the image's sources only where the image has it too;
 * a mirror that is trusted without a key must stay so.
 */
export function bootstrapCommand(
  release: ReleaseName,
  tar: string,
  mirror: AptSource,
  aptSettings: readonly string[],
): [string, ...string[]] {
  const uri = mirror.uris.find(one => !one.startsWith('cdrom:')) ?? ''
  const isTrusted = mirror.options.Trusted === 'yes'
  return [
    'mmdebstrap',
    '--variant=minbase',
    '--format=tar',
    ...aptSettings.map(setting => `--aptopt=${setting}`),
    ...withoutManuals.map(path => `--dpkgopt=path-exclude=/usr/share/${path}/*`),
    ...(uri.startsWith('https:') ? ['--include=ca-certificates'] : []), // or apt in the image could not use it
    release,
    tar,
    isTrusted ? `deb [trusted=yes] ${uri} ${release} main` : uri,
  ]
}

/** mmdebstrap does not read this machine's apt.conf: what it takes to reach and accept the mirror is handed over. */
async function aptSettings(): Promise<readonly string[]> {
  const ran = await run(['apt-config', 'dump', 'Acquire'], {withinMs: 10_000, env: rootEnvironment()})
  return ran.lines.filter(line =>
    /^Acquire::(Check-Valid-Until|Check-Date|Retries|https?::(Proxy|Timeout)[^ ]*) "[^"]+";$/.test(line),
  )
}

function mustHaveMirror(official: string, why: string): AptSource {
  const hint = `docker pull ${official}, or docker load it from a machine that has it`
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new LabError('image', `${official} can't be pulled: ${why}`, {hint})
  const mirror = debianMirror(readAptSources())
  if (!mirror)
    throw new LabError(
      'image',
      `${official} can't be pulled (${why}), and the apt sources of this machine name no Debian mirror to make it from`,
      {hint},
    )
  return mirror
}

async function ensureMmdebstrap(official: string, why: string, detail: Detail, signal?: AbortSignal): Promise<void> {
  const found = await run(['mmdebstrap', '--version'], {withinMs: 10_000, env: rootEnvironment()})
  if (!found.absent) return
  if (!mayInstall())
    throw new LabError(
      'image',
      `${official} can't be pulled (${why}), and PGHA_LAB_SETUP=never forbids installing mmdebstrap to make it`,
      {hint: next`leave PGHA_LAB_SETUP unset; or install it by hand: ${shell('apt-get install mmdebstrap')}`},
    )
  detail('install mmdebstrap')
  await aptUpdate(detail, signal)
  await aptInstall(['mmdebstrap'], detail, signal)
}

function failed(official: string, what: string, lines: readonly string[]): LabError {
  const last = lines.slice(-6).map(line => `\n  ${line}`)
  if (lines.some(line => /no space left on device/i.test(line)))
    return new LabError('disk-full', `the disk is full: ${what} could not make the base image:${last.join('')}`, {
      hint: next`to see what Docker keeps: ${shell('docker system df')}`,
    })
  return new LabError('image', `${what} could not make the base image:${last.join('')}`, {
    hint: next`where a registry can be reached: ${shell(`docker pull ${official}`)}`,
  })
}
