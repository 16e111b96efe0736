/**
 * The docker command may be set to another engine by a context (Docker Desktop, Colima, a remote one); dockerode only knows
 * DOCKER_HOST. Source: docker/cli, `cli/context/store`: contexts/meta/<sha256 of the name>/meta.json.
 */
import {createHash} from 'node:crypto'
import {existsSync, readFileSync, realpathSync} from 'node:fs'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {z} from 'zod'
import {LabError} from '../words/errors.ts'
import {next, shell} from '../words/next-step.ts'
import {readRegular} from '../words/regular-file.ts'
import {isBySsh, SshAgent} from './ssh.ts'

/** What the docker command is set to, where DOCKER_HOST does not say. */
export interface Context {
  /** As DOCKER_HOST would have it, e.g. `unix:///run/docker.sock`, `tcp://10.1.2.3:2376`, `ssh://me@there`. */
  readonly address: string
  /** PEM, as far as the context has it. */
  readonly tls: {readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer}
}

/** null when it is the default one, or DOCKER_HOST is set. @throws LabError `docker-missing` for one that is not there. */
export function contextInUse(env: NodeJS.ProcessEnv = process.env): Context | null {
  if (env.DOCKER_HOST) return null // it wins over any context, in the docker command too
  const folder = configFolder(env)
  const name = contextNameInUse(env)
  if (!name || name === 'default') return null
  const id = createHash('sha256').update(name).digest('hex')
  const file = join(folder, 'contexts', 'meta', id, 'meta.json')
  if (!existsSync(file))
    throw new LabError('docker-missing', `the Docker context "${name}" does not exist`, {
      hint: shell('docker context use default'),
    })
  const address = parse(file).Endpoints?.docker?.Host
  if (address === undefined) return null
  const pem = (name: 'ca' | 'cert' | 'key') => {
    const file = join(folder, 'contexts', 'tls', id, 'docker', `${name}.pem`)
    return existsSync(file) ? {[name]: readFileSync(file)} : {}
  }
  return {address, tls: {...pem('ca'), ...pem('cert'), ...pem('key')}}
}

/** Empty or undefined when none is named. It counts only where DOCKER_HOST is not set. */
export function contextNameInUse(env: NodeJS.ProcessEnv): string | undefined {
  return env.DOCKER_CONTEXT || currentContext(join(configFolder(env), 'config.json'))
}

function configFolder(env: NodeJS.ProcessEnv): string {
  return env.DOCKER_CONFIG || join(homedir(), '.docker')
}

/** Where the engine in use is; null: at this machine's own socket. */
export function addressInUse(env: NodeJS.ProcessEnv = process.env): string | null {
  return env.DOCKER_HOST || (contextInUse(env)?.address ?? null)
}

/**
 * dockerode finds a DOCKER_HOST by itself; for a context it has to be told all that it would read out of one.
 * @param withinMs as long as a connection may take to begin, where that takes a program.
 */
export function reachContext({address, tls}: Context, withinMs: number) {
  const socket = /^(?:unix|npipe):\/\/(.*)$/.exec(address)?.[1]
  if (socket !== undefined) return socket === '' ? {} : {socketPath: socket}
  const url = URL.parse(address.includes('//') ? address : `tcp://${address}`)
  if (url === null)
    throw new LabError('docker-missing', `the Docker context has no address that can be read: ${address}`, {
      hint: next`to see it: ${shell('docker context inspect')}`,
    })
  // The host is for HTTP's own header alone: where it leads to, the agent knows.
  if (isBySsh(address))
    return {
      ...{host: 'docker', port: '', pathPrefix: '/'},
      ...({protocol: 'http', agent: new SshAgent(address, withinMs)} as const),
    }
  const at = {host: url.hostname, port: url.port, pathPrefix: '/'}
  const isTls = tls.ca !== undefined || tls.cert !== undefined || url.port === '2376'
  return {...at, ...tls, protocol: isTls ? 'https' : 'http'} as const
}

/**
 * Whoever points at another machine's engine may have forgotten it; breaking things there wants to be asked for.
 * @throws LabError `remote-engine`
 */
export function mustBeLocal(env: NodeJS.ProcessEnv): void {
  const host = env.DOCKER_HOST
  if (host !== undefined && /^(tcp|https?):/.test(host) && URL.parse(host.replace(/^tcp:/, 'http:')) === null)
    throw new LabError('docker-missing', `DOCKER_HOST is no address that can be read: ${host}`, {
      hint: next`go back to the engine of this machine: ${shell('unset DOCKER_HOST')}`,
    })
  if (host === undefined || host === '' || isLocal(host) || env.PGHA_LAB_ALLOW_REMOTE === '1') return
  throw new LabError('remote-engine', `the Docker engine in use is not on this machine (${host})`, {
    hint: next`add --allow-remote if labs may be raised and broken there; or unset DOCKER_HOST; or go back to the engine of this machine: ${shell('docker context use default')}`,
  })
}

/** Whether an address is of this machine. What SSH leads to is another's, whatever name it has here: one that is local needs none. */
export function isLocal(host: string): boolean {
  if (isBySsh(host)) return false
  if (/^(unix|npipe|fd):/.test(host)) return true
  const name = /^\w+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(host)?.[1] ?? ''
  return name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function currentContext(file: string): string | undefined {
  return existsSync(file) ? parse(file).currentContext : undefined
}

/** Docker's own files, of which somebody else may have made anything. */
function parse(file: string): DockerFile {
  let written: unknown
  try {
    const {text, cut} = readRegular(realpathSync(file), mostBytes)
    if (cut) throw new Error('it has more than 1 MB')
    written = JSON.parse(text)
  } catch (error) {
    throw new LabError('docker-missing', `${file} is not readable: ${(error as Error).message}`, {cause: error})
  }
  const read = dockerFile.safeParse(written)
  if (read.success) return read.data
  const {path = [], message = ''} = read.error.issues[0] ?? {}
  throw new LabError('docker-missing', `${file} is none of Docker's files: ${path.join('.') || 'it'}: ${message}`, {
    hint: next`to see what Docker makes of it: ${shell('docker context ls')}`,
  })
}

const mostBytes = 2 ** 20
const dockerFile = z.looseObject({
  currentContext: z.string().optional(),
  Endpoints: z.looseObject({docker: z.looseObject({Host: z.string().optional()}).optional()}).optional(),
})
type DockerFile = z.infer<typeof dockerFile>
