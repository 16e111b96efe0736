/** Starts an engine that is installed and does not run: after a reboot, in a new CI job, right after its installation. */
import {spawn} from 'node:child_process'
import {closeSync, existsSync, openSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Docker} from '../engine/docker.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, shell} from '../words/next-step.ts'
import {type Detail, rootEnvironment} from './apt.ts'
import {run} from './command.ts'

/** What setting up asks of the engine; a `Docker` is one. */
export type SetupEngine = Pick<
  Docker,
  | 'name'
  | 'environment'
  | 'limits'
  | 'version'
  | 'answering'
  | 'hasImage'
  | 'image'
  | 'tagImage'
  | 'taggedImages'
  | 'removeImage'
>

const startLimitMs = 30_000
const logFile = '/var/log/pgha-lab-dockerd.log'
const pidFile = '/var/run/docker.pid'

/** Path of dockerd, null when no engine is installed. */
export function findDockerd(path = rootEnvironment().PATH ?? ''): string | null {
  const found = path.split(':').map(folder => join(folder, 'dockerd'))
  return found.find(file => existsSync(file)) ?? null
}

/** Returns when it answers; throws `setup-failed` with the log's last lines when it does not within 30 s. */
export async function startEngine(
  docker: SetupEngine,
  dockerd: string,
  detail: Detail,
  signal?: AbortSignal,
): Promise<void> {
  if (existsSync('/run/systemd/system')) {
    detail('systemctl start docker')
    const ran = await run(['systemctl', 'start', 'docker'], {withinMs: startLimitMs, signal})
    if (ran.code !== 0) throw notStarted(ran.lines, shell('journalctl -u docker'))
    await answers(docker, () => false, signal)
    return
  }
  // Another process may have started it a moment ago: a second dockerd would only fail on the pid file.
  const child = isRunning() ? null : spawnDetached(dockerd)
  detail(child ? `dockerd, its log is ${logFile}` : 'wait for the dockerd that runs already')
  try {
    await answers(docker, () => child !== null && child.exitCode !== null && !isRunning(), signal)
  } catch (error) {
    if (child?.exitCode === null) child.kill() // what never answered must not linger
    throw error
  }
}

/**
 * In a session of its own and with nothing of ours open, it survives us and nobody who reads our output waits for it.
 */
function spawnDetached(dockerd: string) {
  const log = openSync(logFile, 'a', 0o640)
  const child = spawn(dockerd, [], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
    env: {...process.env, ...rootEnvironment()},
  })
  closeSync(log)
  child.unref()
  return child
}

function isRunning(): boolean {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 0)
    return true
  } catch {
    return false // no file, or no such process: either way none runs
  }
}

async function answers(docker: SetupEngine, hasDied: () => boolean, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + startLimitMs
  while (!(await engineAnswer(docker)).answers) {
    if (hasDied() || performance.now() > deadline) {
      const log = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n') : []
      throw notStarted(log, shell(`cat ${logFile}`))
    }
    await sleep(200, undefined, signal ? {signal} : {})
  }
}

/**
 * Whether an engine answers, and if not, why: `docker-missing`, `timeout` for one that keeps silent (a paused machine, a dropped
 * network), or `engine` for something else that answers there.
 */
export async function engineAnswer(
  docker: Pick<SetupEngine, 'limits' | 'version'>,
  withinMs = docker.limits.answerMs,
): Promise<{answers: true} | {answers: false; error: LabError}> {
  try {
    await docker.version(Math.min(withinMs, docker.limits.answerMs))
    return {answers: true}
  } catch (error) {
    if (error instanceof LabError && ['docker-missing', 'timeout', 'engine'].includes(error.code))
      return {answers: false, error}
    throw error
  }
}

function notStarted(log: readonly string[], hint: Hint): LabError {
  const last = log.slice(-6).map(line => `\n  ${line}`)
  return new LabError('setup-failed', `the Docker engine did not start; its last words:${last.join('')}`, {hint})
}
