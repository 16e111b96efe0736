/**
 * The docker command may be set to another engine by a context (Docker Desktop, Colima, a remote one); dockerode only knows
 * DOCKER_HOST. Source: docker/cli, `cli/context/store`: contexts/meta/<sha256 of the name>/meta.json.
 */
import {createHash} from 'node:crypto'
import {existsSync, readFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {LabError} from '../words/errors.ts'
import {next, shell} from '../words/next-step.ts'

/** The address of the context in use, for DOCKER_HOST; null when it is the default one or DOCKER_HOST is set already. */
export function addressOfContext(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.DOCKER_HOST) return null // it wins over any context, in the docker command too
  const folder = env.DOCKER_CONFIG || join(homedir(), '.docker')
  const name = env.DOCKER_CONTEXT || currentContext(join(folder, 'config.json'))
  if (!name || name === 'default') return null
  const id = createHash('sha256').update(name).digest('hex')
  const file = join(folder, 'contexts', 'meta', id, 'meta.json')
  if (!existsSync(file))
    throw new LabError('docker-missing', `the Docker context "${name}" does not exist`, {
      hint: shell('docker context use default'),
    })
  return parse(file).Endpoints?.docker?.Host ?? null
}

/**
 * Whoever points at another machine's engine may have forgotten it; breaking things there wants to be asked for.
 * @throws LabError `remote-engine`
 */
export function mustBeLocal(env: NodeJS.ProcessEnv): void {
  const host = env.DOCKER_HOST
  if (host === undefined || host === '' || isLocal(host) || env.PGHA_LAB_ALLOW_REMOTE === '1') return
  throw new LabError('remote-engine', `the Docker engine in use is not on this machine (${host})`, {
    hint: next`add --allow-remote if labs may be raised and broken there; or unset DOCKER_HOST; or go back to the engine of this machine: ${shell('docker context use default')}`,
  })
}

function isLocal(host: string): boolean {
  if (/^(unix|npipe|fd):/.test(host)) return true
  const name = /^\w+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(host)?.[1] ?? ''
  return name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function currentContext(file: string): string | undefined {
  return existsSync(file) ? parse(file).currentContext : undefined
}

function parse(file: string): {currentContext?: string; Endpoints?: {docker?: {Host?: string}}} {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new LabError('docker-missing', `${file} is not readable: ${(error as Error).message}`, {cause: error})
  }
}
