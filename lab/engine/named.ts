/** Engines by their names, as people and lab.json have them: a Docker context, or an address as DOCKER_HOST has it. */
import {anEngine, isEngineName} from '../words/engine-name.ts'
import {LabError} from '../words/errors.ts'
import {shell} from '../words/next-step.ts'
import {printable} from '../words/printable.ts'
import {contextInUse, contextNameInUse, isLocal} from './context.ts'

/** The context of this machine's own socket. */
const ownEngine = 'default'

/** What makes a program of Docker's talk to one engine and no other; undefined: not set. */
export interface EngineEnvironment {
  readonly DOCKER_HOST: string | undefined
  readonly DOCKER_CONTEXT: string | undefined
}

/** @throws LabError `usage` for what is neither a context's name nor an address. */
export function checkEngineName(name: string): string {
  if (isEngineName(name)) return name
  throw new LabError('usage', `"${printable(name)}" names no Docker engine`, {
    hint: anEngine,
  })
}

/** How the engine in use is called: DOCKER_HOST, else the current context. @throws LabError `docker-missing` when Docker's files are not readable. */
export function engineNameInUse(env: NodeJS.ProcessEnv = process.env): string {
  const {DOCKER_HOST: host} = env
  // The docker command takes one without a scheme as well.
  if (host) return host.includes('://') ? host : `tcp://${host}`
  return contextNameInUse(env) || ownEngine
}

export function environmentOf(name: string): EngineEnvironment {
  return name.includes('://')
    ? {DOCKER_HOST: name, DOCKER_CONTEXT: undefined}
    : {DOCKER_HOST: undefined, DOCKER_CONTEXT: name}
}

/** Where it is; null: at this machine's own socket. @throws LabError `docker-missing` for a context that is not there. */
export function addressOf(name: string): string | null {
  const env = {...process.env, ...environmentOf(name)}
  return env.DOCKER_HOST ?? contextInUse(env)?.address ?? null
}

/** Whether what it publishes on 127.0.0.1 is published on another machine. */
export function isElsewhere(name: string): boolean {
  const address = addressOf(name)
  return address !== null && !isLocal(address)
}

/**
 * The socket of an engine as the engine itself sees it, for a container that is to ask it.
 * @throws LabError `cannot-run-here` for an engine that is reached in another way: nobody here knows where its socket is.
 */
export function ownSocketOf(name: string): string {
  const address = addressOf(name)
  const path = address === null ? usualSocket : /^unix:\/\/(\/.+)$/.exec(address)?.[1]
  if (path === undefined)
    throw new LabError(
      'cannot-run-here',
      `a reaper needs the socket of the engine on this machine, and the engine in use is at ${printable(address ?? '')}`,
      {hint: shell('docker context use default')},
    )
  // Elsewhere the engine is in a machine of its own, which has it at the usual place, whatever leads there from here.
  return process.platform === 'linux' ? path : usualSocket
}

const usualSocket = '/var/run/docker.sock'
