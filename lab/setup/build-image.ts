/** `docker build` with its progress told, its limits, and what it failed for; and the hash by which what is built already is known. */
import {createHash} from 'node:crypto'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {imageLabels} from '../engine/image-record.ts'
import {LabError} from '../words/errors.ts'
import {next, ownCommand, quoted, shell} from '../words/next-step.ts'
import type {Detail} from './apt.ts'
import {AptMeter, type BuildStep, buildStep, stepOutput, whyItFailed} from './build-output.ts'
import {type Ran, run} from './command.ts'
import type {SetupEngine} from './start-engine.ts'

const buildLimitMs = 900_000
/** apt tells of every package; a mirror that is waited for this long has gone. */
const buildSilenceMs = 300_000

/** Over what it is built with, and names, contents and whether they may be executed; 12 hex digits. */
export function contentHash(given: string, paths: readonly string[]): string {
  const hash = createHash('sha256').update(`${given}\0`)
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

/** @throws LabError `image` with the failing step and its last words, `disk-full`, `docker-missing`, or `interrupted`. */
export async function buildImage(
  docker: Pick<SetupEngine, 'environment'>,
  whose: string,
  tag: string,
  base: string,
  context: string,
  args: readonly string[],
  detail: Detail,
  signal?: AbortSignal,
): Promise<void> {
  let at: BuildStep | null = null
  let stepBegan = performance.now()
  let meter = new AptMeter()
  let share = 0
  const tell = (says: string) => {
    if (!at) return
    const seconds = Math.round((performance.now() - stepBegan) / 1000)
    detail(
      `step ${at.number}/${at.of}: ${at.says} ${seconds} s${says ? `: ${says}` : ''}`,
      (at.number - 1 + share) / at.of,
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
      share = 0
      lastSaid = ''
      tell('')
    } else if (!begun) {
      share = meter.read(stepOutput(line))
      lastSaid = stepOutput(line).slice(0, 80) // shown with the next tick: apt prints hundreds of lines a second
    }
  }
  try {
    const command = buildCommand(tag, base, context, args)
    const ran = await run(command, {
      withinMs: buildLimitMs,
      silentMs: buildSilenceMs,
      signal,
      onLine,
      // As an environment variable, because the classic builder refuses --progress.
      env: {...docker.environment, BUILDKIT_PROGRESS: 'plain'},
    })
    if (ran.code !== 0) throw buildFailure(whose, command, at, ran)
  } finally {
    clearInterval(ticking)
  }
}

/** --force-rm: the classic builder would leave the container of a failed step behind; BuildKit has none. */
function buildCommand(tag: string, base: string, context: string, args: readonly string[]): [string, ...string[]] {
  return [
    'docker',
    'build',
    '--force-rm',
    '--build-arg',
    `BASE=${base}`,
    '--label',
    `${imageLabels.ours}=yes`,
    ...args,
    '-t',
    tag,
    context,
  ]
}

export function buildFailure(whose: string, command: readonly string[], at: BuildStep | null, ran: Ran): LabError {
  const where = at ? ` at step ${at.number}/${at.of} (${at.says})` : ''
  if (ran.absent) return new LabError('docker-missing', 'the docker command is missing', {hint: ownCommand('doctor')})
  if (ran.lines.some(line => /no space left on device/i.test(line)))
    return new LabError(
      'disk-full',
      `the disk of the Docker engine is full: building the image of the ${whose} failed${where}`,
      {
        hint: next`to see what fills it: ${shell('docker system df')} to free the build cache: ${shell('docker builder prune')}`,
      },
    )
  const why = ran.timedOut
    ? [`it took more than ${buildLimitMs / 60_000} minutes`]
    : ran.wentSilent
      ? [`it said nothing for ${buildSilenceMs / 60_000} minutes`]
      : whyItFailed(ran.lines)
  const isNetwork = why.some(line =>
    /Could not resolve|Temporary failure|Unable to connect|Cannot initiate|timed out/i.test(line),
  )
  const hint = isNetwork
    ? 'containers do not reach the package mirror: check the network, DNS and proxy settings of Docker'
    : next`to see all of it: ${shell(command.map(quoted).join(' '))}`
  return new LabError(
    'image',
    `building the image of the ${whose} failed${where}:${why.map(line => `\n  ${line}`).join('')}`,
    {hint},
  )
}
