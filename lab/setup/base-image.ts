/** The image that the lab's images are built on: Debian 13, pulled, or made from this machine's own package mirror. */
import {mkdtemp, rm} from 'node:fs/promises'
import {join} from 'node:path'
import type {Docker} from '../docker.ts'
import {LabError} from '../errors.ts'
import {type Progress, step} from '../progress.ts'
import {aptInstall, aptUpdate, type Detail, rootEnvironment} from './apt.ts'
import {type AptSource, debianMirror, readAptSources} from './apt-source.ts'
import {run} from './command.ts'
import {mayInstall} from './engine.ts'
import {tempPrefix} from './leftovers.ts'

export const officialBase = 'debian:trixie-slim'
export const ownBase = 'pgha-lab/base:trixie'

const pullLimitMs = 60_000
const bootstrapLimitMs = 300_000

/** The one that is present, null if none is. */
export async function presentBase(docker: Docker): Promise<string | null> {
  for (const base of [officialBase, ownBase]) if (await docker.hasImage(base)) return base
  return null
}

/** Returns the reference to build on. Throws `image`, `setup-failed` or `disk-full`. */
export async function ensureBaseImage(docker: Docker, progress: Progress, signal?: AbortSignal): Promise<string> {
  const present = await presentBase(docker)
  if (present) return present
  return step(
    progress,
    'get the base image of Debian 13',
    async detail => {
      detail(`docker pull ${officialBase}`)
      const pulled = await run(['docker', 'pull', officialBase], {
        withinMs: pullLimitMs,
        signal,
        onLine: line => detail(line),
      })
      if (pulled.code === 0) return officialBase
      const why = pulled.timedOut ? `took more than ${pullLimitMs / 1000} s` : (pulled.lines.at(-1) ?? 'failed')
      await bootstrap(why, detail, signal)
      return ownBase
    },
    base => base,
  )
}

/** Makes the image from packages, as Debian's own images are made. */
async function bootstrap(why: string, detail: Detail, signal?: AbortSignal): Promise<void> {
  const mirror = mustHaveMirror(why)
  await ensureMmdebstrap(why, detail, signal)
  const folder = await mkdtemp(tempPrefix('base'))
  // A file between the two: docker import makes an image even of what a failed mmdebstrap leaves in a pipe.
  const tar = join(folder, 'base.tar')
  try {
    const options = {withinMs: bootstrapLimitMs, signal, env: rootEnvironment()}
    detail('mmdebstrap')
    const settings = await aptSettings()
    const made = await run(bootstrapCommand(tar, mirror, settings), {...options, onLine: line => detail(line)})
    if (made.code !== 0) throw failed('mmdebstrap', made.lines)
    detail('docker import')
    const imported = await run(['docker', 'import', '--change', 'CMD ["bash"]', tar, ownBase], options)
    if (imported.code !== 0) throw failed('docker import', imported.lines)
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

/**
 * mmdebstrap finds the key for a plain URI by itself, and names it in the image's sources only where the image has it too;
 * a mirror that is trusted without a key must stay so.
 */
export function bootstrapCommand(
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
    ...(uri.startsWith('https:') ? ['--include=ca-certificates'] : []), // or apt in the image could not use it
    'trixie',
    tar,
    isTrusted ? `deb [trusted=yes] ${uri} trixie main` : uri,
  ]
}

/** mmdebstrap does not read this machine's apt.conf: what it takes to reach and accept the mirror is handed over. */
async function aptSettings(): Promise<readonly string[]> {
  const ran = await run(['apt-config', 'dump', 'Acquire'], {withinMs: 10_000, env: rootEnvironment()})
  return ran.lines.filter(line =>
    /^Acquire::(Check-Valid-Until|Check-Date|Retries|https?::(Proxy|Timeout)[^ ]*) "[^"]+";$/.test(line),
  )
}

function mustHaveMirror(why: string): AptSource {
  const hint = `docker pull ${officialBase}, or docker load it from a machine that has it`
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new LabError('image', `${officialBase} can't be pulled: ${why}`, {hint})
  const mirror = debianMirror(readAptSources())
  if (!mirror)
    throw new LabError(
      'image',
      `${officialBase} can't be pulled (${why}), and the apt sources of this machine name no Debian mirror to make it from`,
      {hint},
    )
  return mirror
}

async function ensureMmdebstrap(why: string, detail: Detail, signal?: AbortSignal): Promise<void> {
  const found = await run(['mmdebstrap', '--version'], {withinMs: 10_000, env: rootEnvironment()})
  if (!found.absent) return
  if (!mayInstall())
    throw new LabError(
      'image',
      `${officialBase} can't be pulled (${why}), and PGHA_LAB_SETUP=never forbids installing mmdebstrap to make it`,
      {hint: 'apt-get install mmdebstrap, or unset PGHA_LAB_SETUP'},
    )
  detail('install mmdebstrap')
  await aptUpdate(detail, signal)
  await aptInstall(['mmdebstrap'], detail, signal)
}

function failed(what: string, lines: readonly string[]): LabError {
  const last = lines.slice(-6).map(line => `\n  ${line}`)
  if (lines.some(line => /no space left on device/i.test(line)))
    return new LabError('disk-full', `the disk is full: ${what} could not make the base image:${last.join('')}`, {
      hint: 'docker system df shows what Docker keeps',
    })
  return new LabError('image', `${what} could not make the base image:${last.join('')}`, {
    hint: `docker pull ${officialBase}, where a registry can be reached`,
  })
}
