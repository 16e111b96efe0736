/** Docker Compose, run as a person would: up a file, and who holds a port. */
import {execa} from 'execa'
import {LabError, stopped} from './errors.ts'

/** Compose knows inline `configs: content:` since this version. */
export const oldestCompose = '2.23.1'

/**
 * `docker compose up -d` of a file, or of some of its services; returns when the containers are started, not when they are healthy.
 * @param signal ends it; a LabError as its reason is thrown as it is.
 * @throws LabError `timeout` when it takes longer than `withinMs`.
 */
export async function composeUp(
  file: string,
  signal: AbortSignal,
  withinMs: number,
  services: readonly string[] = [],
): Promise<void> {
  const argv = ['compose', '-f', file, 'up', '-d', '--no-build', '--pull', 'never', ...services]
  const result = await execa('docker', argv, {
    reject: false,
    all: true,
    cancelSignal: signal,
    timeout: withinMs,
    killDescendants: true, // the plugin is a process of its own
    stdin: 'ignore',
    env: {COMPOSE_ANSI: 'never', COMPOSE_PROGRESS: 'plain', COMPOSE_IGNORE_ORPHANS: 'true'},
  })
  if (result.isCanceled) throw stopped(signal.reason, 'stopped while the containers were being started')
  if (result.timedOut)
    throw new LabError('timeout', `docker compose has not started the hosts within ${withinMs / 1000} s`, {
      hint: 'pgha-lab up goes on where this stopped; a slow engine gets more time by PGHA_LAB_ENGINE_TIMEOUT=30s',
    })
  if (result.failed) throw await complaint(result.all ?? result.shortMessage ?? '')
}

async function complaint(said: string): Promise<LabError> {
  const taken =
    /(?:127\.0\.0\.1:|port )(\d{2,5})[^\n]*(?:address already in use|already allocated)|already allocated[^\n]*?(\d{2,5})/.exec(
      said,
    )
  if (taken || /port is already allocated|address already in use/.test(said)) {
    const port = Number(taken?.[1] ?? taken?.[2] ?? 0)
    return portTaken(port)
  }
  if (/no space left on device/.test(said))
    return new LabError('disk-full', 'the disk of the Docker engine is full', {
      hint: 'docker system df shows what fills it',
    })
  if (/No such image|pull access denied|not found: manifest/.test(said))
    return new LabError('image', "the lab's images are missing", {hint: 'pgha-lab doctor --fix'})
  if (/Cannot connect to the Docker daemon|ENOENT/.test(said))
    return new LabError('docker-missing', 'no Docker engine answers', {hint: 'pgha-lab doctor'})
  const lines = said.trim().split('\n')
  const last = lines.findLast(line => /error|failed|invalid/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return new LabError('engine', `docker compose failed: ${last.trim()}`, {
    cause: new Error(said),
    hint: 'pgha-lab doctor',
  })
}

/** Names who holds the port, where the system tells. */
export async function portTaken(port: number): Promise<LabError> {
  const holder = await holderOf(port)
  return new LabError('port-taken', `port ${port} on 127.0.0.1 is taken${holder ? ` by ${holder}` : ''}`, {
    hint: 'stop that program; or take other ports: pgha-lab down, then pgha-lab up',
  })
}

async function holderOf(port: number): Promise<string | undefined> {
  const found = await execa('ss', ['-Hltnp', `sport = :${port}`], {reject: false, stdin: 'ignore'})
  const match = /users:\(\("([^"]+)",pid=(\d+)/.exec(found.stdout ?? '')
  return match ? `${match[1]} (pid ${match[2]})` : undefined
}
