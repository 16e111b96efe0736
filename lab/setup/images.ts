/** The lab's own two images. Their tags are hashes of what they are made of, so an image that is present is the right one. */
import {createHash} from 'node:crypto'
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs'
import {copyFile, cp, mkdtemp, rm} from 'node:fs/promises'
import {join} from 'node:path'
import type {Docker} from '../docker.ts'
import {LabError} from '../errors.ts'
import {packageRoot} from '../package-root.ts'
import {type Progress, step} from '../progress.ts'
import type {Detail} from './apt.ts'
import {ensureBaseImage} from './base-image.ts'
import {AptMeter, type BuildStep, buildStep, stepOutput, whyItFailed} from './build-output.ts'
import {type Ran, run} from './command.ts'
import {tempPrefix} from './leftovers.ts'

export interface ImageTags {
  /** Everything that runs on a host: etcd, Patroni, PostgreSQL, HAProxy. */
  readonly host: string
  /** Node and Python, and the agents that run the clients. */
  readonly app: string
}

const buildLimitMs = 900_000

/** `pgha-lab/host:<12 hex>` and `pgha-lab/app:<12 hex>`; throws `setup-failed` when what goes into them is not built. */
export function imageTags(root = packageRoot): ImageTags {
  const missing = bundles.find(name => !existsSync(join(root, 'dist', name)))
  if (missing !== undefined)
    throw new LabError('setup-failed', `what runs in the image of the clients is not built (dist/${missing})`, {
      hint: 'npm run build',
    })
  return {
    host: `pgha-lab/host:${contentHash([join(root, 'images', 'host')])}`,
    app: `pgha-lab/app:${contentHash([join(root, 'images', 'app'), ...bundles.map(name => join(root, 'dist', name))])}`,
  }
}

/** In `dist`: the agent that runs the clients, and the relay that runs in the observer. */
const bundles = ['agent.mjs', 'observer.mjs'] as const

/** Over names, contents and whether they may be executed; 12 hex digits. */
function contentHash(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) {
    const isFile = statSync(path).isFile()
    const names = isFile ? [''] : (readdirSync(path, {recursive: true}) as string[]).sort()
    for (const name of names) {
      const file = join(path, name)
      const about = statSync(file)
      if (!about.isFile()) continue
      const content = readFileSync(file)
      hash.update(`${name}\0${about.mode & 0o100 ? 'x' : '-'}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex').slice(0, 12)
}

/**
 * Instantaneous when both are present; otherwise gets the base image and builds what is missing. Throws `image` with the
 * failing step and its last words, `disk-full`, or `interrupted`.
 */
export async function ensureImages(docker: Docker, progress: Progress, signal?: AbortSignal): Promise<ImageTags> {
  const tags = imageTags()
  const [hasHost, hasApp] = await Promise.all([docker.hasImage(tags.host), docker.hasImage(tags.app)])
  if (hasHost && hasApp) return tags
  const base = await ensureBaseImage(docker, progress, signal)
  if (!hasHost) {
    const context = join(packageRoot, 'images', 'host')
    await step(progress, 'build the image of the hosts', detail =>
      build('hosts', tags.host, base, context, detail, signal),
    )
  }
  if (!hasApp)
    await step(progress, 'build the image of the clients', async detail => {
      const context = await mkdtemp(tempPrefix('app'))
      try {
        await cp(join(packageRoot, 'images', 'app'), context, {recursive: true})
        for (const name of bundles) await copyFile(join(packageRoot, 'dist', name), join(context, name))
        await build('clients', tags.app, base, context, detail, signal)
      } finally {
        await rm(context, {recursive: true, force: true})
      }
    })
  return tags
}

async function build(whose: string, tag: string, base: string, context: string, detail: Detail, signal?: AbortSignal) {
  let at: BuildStep | null = null
  let stepBegan = performance.now()
  let meter = new AptMeter()
  let within = 0
  const tell = (says: string) => {
    if (!at) return
    const seconds = Math.round((performance.now() - stepBegan) / 1000)
    detail(
      `step ${at.number}/${at.of}: ${at.says} ${seconds} s${says ? `: ${says}` : ''}`,
      (at.number - 1 + within) / at.of,
    )
  }
  let lastSaid = ''
  const ticking = setInterval(() => tell(lastSaid), 1000)
  const onLine = (line: string) => {
    const begun = buildStep(line)
    if (begun && begun.number !== at?.number) {
      at = begun
      stepBegan = performance.now()
      meter = new AptMeter()
      within = 0
      lastSaid = ''
      tell('')
    } else if (!begun) {
      within = meter.read(stepOutput(line))
      lastSaid = stepOutput(line).slice(0, 80) // shown with the next tick: apt prints hundreds of lines a second
    }
  }
  try {
    const command = buildCommand(tag, base, context)
    const ran = await run(command, {
      withinMs: buildLimitMs,
      signal,
      onLine,
      // As an environment variable, because the classic builder refuses --progress.
      env: {BUILDKIT_PROGRESS: 'plain'},
    })
    if (ran.code !== 0) throw buildFailure(whose, command, at, ran)
  } finally {
    clearInterval(ticking)
  }
}

/** --force-rm: the classic builder would leave the container of a failed step behind; BuildKit has none. */
function buildCommand(tag: string, base: string, context: string): [string, ...string[]] {
  return [
    'docker',
    'build',
    '--force-rm',
    '--build-arg',
    `BASE=${base}`,
    '--label',
    'pgha-lab.image=yes',
    '-t',
    tag,
    context,
  ]
}

export function buildFailure(whose: string, command: readonly string[], at: BuildStep | null, ran: Ran): LabError {
  const where = at ? ` at step ${at.number}/${at.of} (${at.says})` : ''
  if (ran.absent) return new LabError('docker-missing', 'the docker command is missing', {hint: 'pgha-lab doctor'})
  if (ran.lines.some(line => /no space left on device/i.test(line)))
    return new LabError(
      'disk-full',
      `the disk of the Docker engine is full: building the image of the ${whose} failed${where}`,
      {
        hint: 'docker system df shows what fills it; docker builder prune frees the build cache',
      },
    )
  const why = ran.timedOut ? [`it took more than ${buildLimitMs / 60_000} minutes`] : whyItFailed(ran.lines)
  const isNetwork = why.some(line =>
    /Could not resolve|Temporary failure|Unable to connect|Cannot initiate|timed out/i.test(line),
  )
  const hint = isNetwork
    ? 'containers do not reach the package mirror: check the network, DNS and proxy settings of Docker'
    : `see all of it with: ${command.join(' ')}`
  return new LabError(
    'image',
    `building the image of the ${whose} failed${where}:${why.map(line => `\n  ${line}`).join('')}`,
    {hint},
  )
}
