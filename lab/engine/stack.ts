/** Docker Compose, run as a person would: up a file, and who holds a port. */
import {basename} from 'node:path'
import {publishedAt} from '../topology/services.ts'
import {LabError, stopped} from '../words/errors.ts'
import {next, onLab, ownCommand, whatFillsIt} from '../words/next-step.ts'
import {printable} from '../words/printable.ts'
import type {EngineEnvironment} from './named.ts'

/** Compose knows inline `configs: content:` since this version. */
export const oldestCompose = '2.23.1'

/** A compose file that lies nowhere: its text goes to Compose on stdin, so that what was checked is what is started. */
export interface ComposeText {
  readonly text: string
  /** Where Compose would look for what a file names. */
  readonly folder: string
  /** Of a lab on several engines: what each of them gets, by its name. */
  readonly parts?: ReadonlyMap<string, string>
}

/** Docker Compose, as a lab is started with it. */
export interface Compose {
  readonly up: (file: ComposeText, signal: AbortSignal, withinMs: number, services?: readonly string[]) => Promise<void>
  readonly reads: (file: ComposeText, signal: AbortSignal) => Promise<unknown>
}

/** Docker Compose on one engine. */
export function composeOn(engine: EngineEnvironment): Compose {
  return {
    up: (...asked) => composeUp(engine, ...asked),
    reads: (...asked) => composeReads(engine, ...asked),
  }
}

/**
 * `docker compose up -d` of a file, or of some of its services; returns when the containers are started, not when they are healthy.
 * @param signal ends it; a LabError as its reason is thrown as it is.
 * @throws LabError `timeout` when it takes longer than `withinMs`.
 */
async function composeUp(
  engine: EngineEnvironment,
  file: ComposeText,
  signal: AbortSignal,
  withinMs: number,
  services: readonly string[] = [],
): Promise<void> {
  const argv = ['up', '-d', '--no-build', '--pull', 'never', ...services]
  const result = await runCompose(engine, file, argv, signal, withinMs)
  if (result.isCanceled) throw stopped(signal.reason, 'stopped while the containers were being started')
  if (result.timedOut)
    throw new LabError('timeout', `docker compose has not started the hosts within ${withinMs / 1000} s`, {
      hint: next`a slow engine gets more time by PGHA_LAB_ENGINE_TIMEOUT=30s; to go on where this stopped: ${onLab(labOf(file), 'up')}`,
    })
  if (result.failed) throw await complaint(result.all || result.shortMessage || '')
}

/** Compose only reads a text and asks nobody: what takes longer hangs. */
const readingMs = 30_000

/**
 * What Compose makes of a file: everything it would start, with its defaults. No engine is asked.
 * @throws LabError `config` with Compose's own words when it refuses the file, `timeout` when it does not end.
 */
async function composeReads(engine: EngineEnvironment, file: ComposeText, signal: AbortSignal): Promise<unknown> {
  const result = await runCompose(engine, file, ['config', '--format', 'json'], signal, readingMs)
  if (result.isCanceled) throw stopped(signal.reason, 'stopped while the compose file was being read back')
  if (result.timedOut)
    throw new LabError('timeout', `docker compose has not read the compose file back within ${readingMs / 1000} s`)
  if (result.code === 'ENOENT') throw await complaint('ENOENT')
  if (result.failed) {
    const says = printable(result.stderr.trim().split('\n').at(-1) ?? '') || result.shortMessage
    throw new LabError('config', `docker compose refuses the compose file: ${says}`)
  }
  return JSON.parse(result.stdout)
}

/** From engine to engine, as `docker save | docker load`. @throws LabError `image` with what either said. */
export async function copyImages(
  from: EngineEnvironment,
  to: EngineEnvironment,
  images: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const {execa} = await import('execa')
  const common = {reject: false, cancelSignal: signal, buffer: {stdout: false}} as const
  const saving = execa('docker', ['save', ...images], {...common, env: {...from}, stdin: 'ignore'})
  const loaded = await saving.pipe('docker', ['load', '--quiet'], {...common, env: {...to}})
  const saved = await saving
  if (signal.aborted) throw stopped(signal.reason, 'stopped while images were being copied')
  const failed = [saved, loaded].find(one => one.failed)
  if (failed === undefined) return
  const said = [saved, loaded].map(one => one.stderr.trim()).find(says => says !== '')
  const says = printable(said?.split('\n').at(-1) ?? failed.shortMessage ?? 'it said nothing')
  if (/no space left on device/.test(says))
    throw new LabError('disk-full', 'the disk of a Docker engine is full', {hint: whatFillsIt})
  throw new LabError('image', `the images could not be copied to another engine: ${says}`)
}

async function runCompose(
  engine: EngineEnvironment,
  {text, folder}: ComposeText,
  argv: readonly string[],
  signal: AbortSignal,
  withinMs: number,
) {
  const {execa} = await import('execa')
  return execa('docker', ['compose', '--file', '-', '--project-directory', folder, ...argv], {
    reject: false,
    all: true,
    cancelSignal: signal,
    timeout: withinMs,
    killDescendants: true, // the plugin is a process of its own
    input: text,
    env: {
      ...engine,
      ...{COMPOSE_ANSI: 'never', COMPOSE_PROGRESS: 'plain', COMPOSE_IGNORE_ORPHANS: 'true'},
      // The file has its own name, and whatever this person's other projects are called is not for it.
      ...{COMPOSE_PROJECT_NAME: undefined, COMPOSE_PROFILES: undefined, COMPOSE_ENV_FILES: undefined},
    },
  })
}

/** Its folder is named like it. */
function labOf({folder}: ComposeText): string {
  return basename(folder)
}

/** What Compose said when it failed, as far as it is known what to do then. */
export async function complaint(said: string): Promise<LabError> {
  const taken =
    /(?:127\.0\.0\.1:|port )(\d{2,5})[^\n]*(?:address already in use|already allocated)|already allocated[^\n]*?(\d{2,5})/.exec(
      said,
    )
  if (taken || /port is already allocated|address already in use/.test(said)) {
    const port = Number(taken?.[1] ?? taken?.[2] ?? 0)
    return portTaken(port)
  }
  // moby's ipamapi: one says the address space, another the pool that it overlaps.
  if (/pool overlaps with other/i.test(said))
    return new LabError(
      'network-taken',
      'the addresses of its network are those of another network of the Docker engine',
    )
  if (/no space left on device/.test(said))
    return new LabError('disk-full', 'the disk of the Docker engine is full', {
      hint: whatFillsIt,
    })
  if (/No such image|pull access denied|not found: manifest/.test(said))
    return new LabError('image', "the lab's images are missing", {hint: ownCommand('doctor', '--fix')})
  if (/Cannot connect to the Docker daemon|ENOENT/.test(said))
    return new LabError('docker-missing', 'no Docker engine answers', {hint: ownCommand('doctor')})
  const lines = said.trim().split('\n')
  const last = lines.findLast(line => /error|failed|invalid/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return new LabError('engine', `docker compose failed: ${last.trim()}`, {
    cause: new Error(said),
    hint: ownCommand('doctor'),
  })
}

/** Names who holds the port, where the system tells. Whoever raises the lab knows how it gets others. */
export async function portTaken(port: number): Promise<LabError> {
  const holder = await holderOf(port)
  return new LabError('port-taken', `port ${port} on ${publishedAt} is taken${holder ? ` by ${holder}` : ''}`, {
    hint: 'stop that program',
  })
}

async function holderOf(port: number): Promise<string | undefined> {
  const {execa} = await import('execa')
  const found = await execa('ss', ['-Hltnp', `sport = :${port}`], {reject: false, stdin: 'ignore'})
  const match = /users:\(\("([^"]+)",pid=(\d+)/.exec(found.stdout ?? '')
  return match ? `${match[1]} (pid ${match[2]})` : undefined
}
