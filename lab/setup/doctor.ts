/** What is there, what is missing, and the one fix for each. Changes nothing, and is done within 2 s without an engine. */

import {existsSync, statfsSync} from 'node:fs'
import {totalmem} from 'node:os'
import {dirname, join} from 'node:path'
import {capabilities, type TryingEngine} from '../engine/capabilities.ts'
import {addressInUse} from '../engine/context.ts'
import type {Answering, Containers, Images} from '../engine/docker.ts'
import {recordOf, sayAge, sayBase} from '../engine/image-record.ts'
import {isBySsh} from '../engine/ssh.ts'
import {oldestCompose} from '../engine/stack.ts'
import {stateRoot} from '../state/folders.ts'
import {type BrokenLab, loadLabs, type SavedLab} from '../state/state.ts'
import {type ReleaseName, releaseNames, releases, usualRelease} from '../topology/release.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, next, onLab, ownCommand, shell} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import {officialBase, ownBase, presentBase} from './base-image.ts'
import {type Ran, run} from './command.ts'
import {type ComposeFound, findCompose, isAtLeast} from './compose-version.ts'
import {installPage, recipeFor, thisDistribution} from './distribution.ts'
import {joinDocker, mayInstall} from './engine.ts'
import {askBySshLimitMs, askLimitMs, type Examined, sayLabs} from './examined.ts'
import {imageTags} from './images.ts'
import {leftovers} from './leftovers.ts'
import {examineOtherEngines} from './other-engines.ts'
import {engineAnswer, findDockerd} from './start-engine.ts'

const oldestNode = '24.0.0'
/** A host takes some 100 MB when idle (300 MB for three, measured) and a PostgreSQL under load several times that. */
const wantedMemoryBytes = 2 * 2 ** 30
/** Images take 1.5 GB, a lab's data and write-ahead log another. */
const wantedDiskBytes = 4 * 2 ** 30
const fixCommand = ownCommand('doctor', '--fix')

/** What `docker info` tells that we use (Docker Engine API, /info). */
interface EngineInfo {
  readonly ServerVersion?: string
  readonly MemTotal?: number
  readonly DockerRootDir?: string
  readonly CgroupVersion?: string
  readonly CgroupDriver?: string
  readonly SecurityOptions?: readonly string[]
}

interface Versions {
  readonly Client?: {readonly Version: string; readonly ApiVersion: string}
  readonly Server?: {readonly ApiVersion: string} | null
}

/** In the order in which things depend on each other. */
export async function examine(docker: Answering & Containers & Images & TryingEngine): Promise<readonly Examined[]> {
  const withinMs = isBySsh(addressInUse() ?? '') ? askBySshLimitMs : askLimitMs
  const [answer, compose, buildx, versions, info, others] = await Promise.all([
    engineAnswer(docker, withinMs),
    findCompose(),
    run(['docker', 'buildx', 'version'], {withinMs: askLimitMs}),
    askJson<Versions>(['docker', 'version', '--format', '{{json .}}'], withinMs),
    askJson<EngineInfo>(['docker', 'info', '--format', '{{json .}}'], withinMs),
    examineOtherEngines(),
  ])
  const host = [node(), platform(), checkout(), rights(answer.answers), ...leftBehind()]
  const tools = [client(versions, compose), composePlugin(compose), buildxPlugin(buildx)]
  if (!answer.answers)
    return [
      ...[...host, ...tools, absentEngine(answer.error)],
      ...[diskFree('state directory', stateRoot()), sharedMemory(), ...others],
    ]
  return [
    ...host,
    ...tools,
    engine(versions, info),
    ...(await images(docker).catch(error => [unanswered("the lab's images")(error)])),
    memory(info),
    ...engineDisk(info),
    diskFree('state directory', stateRoot()),
    cgroups(info),
    sharedMemory(),
    await labs(docker).catch(unanswered('labs')),
    ...others,
    ...loadLabs().broken.map(unreadable),
    ...(await whatCanBreak(docker)),
  ]
}

function ok(what: string, says: string): Examined {
  return {what, state: 'ok', says, fix: null}
}

function node(): Examined {
  const version = process.versions.node
  if (isAtLeast(version, oldestNode)) return ok('Node.js', version)
  return {
    what: 'Node.js',
    state: 'fail',
    says: `${version} is older than ${oldestNode}`,
    fix: 'install it: https://nodejs.org',
  }
}

function platform(): Examined {
  const system = thisDistribution()
  return ok('platform', `${system?.name ?? process.platform}, ${process.platform} ${process.arch}`)
}

function checkout(): Examined {
  if (!existsSync(join(packageRoot, 'tsconfig.json'))) return ok('pgha-lab', 'an installed package')
  const missing = ['dist/cli/main.js', 'dist/agent.mjs', 'dist/observer.mjs', 'dist/reaper.mjs'].filter(
    file => !existsSync(join(packageRoot, file)),
  )
  if (missing.length === 0) return ok('pgha-lab', 'a checkout, built')
  return {
    what: 'pgha-lab',
    state: 'fail',
    says: `the checkout lacks ${missing.join(' and ')}`,
    fix: shell('npm run build'),
  }
}

/** A row only where there is something: nearly always there is not. */
function leftBehind(): Examined[] {
  const found = leftovers()
  if (found.length === 0) return []
  const says = `an interrupted set-up left ${found.join(', ')}`
  return [{what: 'leftovers', state: 'warn', says, fix: process.getuid?.() === 0 ? fixCommand : fixCommand.asRoot()}]
}

function rights(engineAnswers: boolean): Examined {
  const isRoot = process.getuid?.() === 0
  if (isRoot)
    return ok(
      'rights',
      mayInstall() ? 'root: may install what is missing' : 'root, and PGHA_LAB_SETUP=never: installs nothing',
    )
  if (engineAnswers) return ok('rights', 'may use Docker; not root, so nothing is installed')
  return {
    what: 'rights',
    state: 'warn',
    says: 'not root: nothing can be installed for you',
    fix: fixCommand.asRoot(),
  }
}

function client(versions: Versions | null, compose: ComposeFound): Examined {
  const what = 'Docker client'
  if (versions?.Client) return ok(what, `${versions.Client.Version}, API ${versions.Client.ApiVersion}`)
  if (compose.state !== 'no-client')
    return {what, state: 'warn', says: 'it is there and did not answer in time', fix: shell('docker version')}
  return {what, state: 'fail', says: 'there is no docker command', fix: fixOf()}
}

function composePlugin(compose: ComposeFound): Examined {
  const what = 'Docker Compose'
  if (compose.state === 'ok') return ok(what, compose.version)
  const says =
    compose.state === 'old'
      ? `${compose.version} is older than ${oldestCompose}`
      : `missing; >= ${oldestCompose} is needed`
  return {what, state: 'fail', says, fix: fixOf()}
}

function buildxPlugin(ran: Ran): Examined {
  const version = /(\d+\.\d+\.\d+)/.exec(ran.lines.join(' '))?.[1]
  if (ran.code === 0 && version) return ok('Docker buildx', version)
  return {
    what: 'Docker buildx',
    state: 'warn',
    says: 'missing; images are built with the classic builder',
    fix: installPage(thisDistribution()),
  }
}

function absentEngine(error: LabError): Examined {
  const what = 'Docker engine'
  if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES')
    return {what, state: 'fail', says: error.message, fix: joinDocker}
  if (error.code === 'timeout')
    return {
      what,
      state: 'fail',
      says: error.message,
      fix: next`restart it (Docker Desktop has a button for that): ${shell('systemctl restart docker')}`,
    }
  if (error.code === 'engine') return {what, state: 'fail', says: error.message, fix: error.next ?? fixOf()}
  const address = addressInUse()
  if (address && isBySsh(address)) return {what, state: 'fail', says: error.message, fix: error.next ?? null}
  if (address)
    return process.env.DOCKER_HOST
      ? {what, state: 'fail', says: `none answers at DOCKER_HOST=${address}`, fix: 'start it, or unset DOCKER_HOST'}
      : {what, state: 'fail', says: `none answers at ${address}`, fix: 'start it, or docker context use default'}
  return {what, state: 'fail', says: findDockerd() ? 'installed, and not running' : 'not installed', fix: fixOf()}
}

/** `doctor --fix` where it can help, the page that tells how elsewhere. */
function fixOf(): Hint {
  const system = thisDistribution()
  if (!system || !recipeFor(system) || !mayInstall()) return installPage(system)
  return process.getuid?.() === 0 ? fixCommand : fixCommand.asRoot()
}

function engine(versions: Versions | null, info: EngineInfo | null): Examined {
  const address = addressInUse()
  const where = isLocal(address) ? 'on this machine' : `at ${address}`
  const api = versions?.Server ? `, API ${versions.Server.ApiVersion}` : ''
  const rootless = info?.SecurityOptions?.some(option => option.includes('rootless')) ? ', rootless' : ''
  return ok('Docker engine', `${info?.ServerVersion ?? 'answers'}${api}, ${where}${rootless}`)
}

function isLocal(address: string | null): boolean {
  return !address || address.startsWith('unix:') || address.startsWith('npipe:')
}

async function images(docker: Images): Promise<Examined[]> {
  const base = await presentBase(docker, usualRelease)
  const baseImage: Examined = base
    ? ok('base image', await sayBase(docker, base))
    : {
        what: 'base image',
        state: 'warn',
        says: `neither ${officialBase(usualRelease)} nor ${ownBase(usualRelease)} is here`,
        fix: fixCommand,
      }
  const others = releaseNames.filter(name => name !== usualRelease)
  return [baseImage, await labImages(docker), ...(await Promise.all(others.map(one => imageOf(docker, one))))]
}

/** Another release is nobody's need until it is asked for. */
async function imageOf(docker: Images, release: ReleaseName): Promise<Examined> {
  const {title, patroni} = releases[release]
  const what = `image of ${release}`
  try {
    const tag = imageTags(release).host
    const found = await docker.image(tag)
    if (found !== null) return ok(what, `${tag}, built ${sayAge(recordOf(found).builtAt)}`)
    return ok(what, `not built; \`up --release ${release}\` builds it (${title}, ${patroni.title})`)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return {what, state: 'fail', says: error.message, fix: error.next ?? null}
  }
}

async function labImages(docker: Images): Promise<Examined> {
  const what = "the lab's images"
  try {
    const tags = imageTags()
    const present = await Promise.all(
      [tags.host, tags.app].map(async tag => ({tag, isHere: await docker.hasImage(tag)})),
    )
    const missing = present.filter(one => !one.isHere).map(one => one.tag)
    if (missing.length === 0) {
      const found = await docker.image(tags.host)
      const age =
        found === null ? '' : `, built ${sayAge(recordOf(found).builtAt)}; \`up --refresh\` takes newer packages`
      return ok(what, `${present.map(one => one.tag).join(', ')}${age}`)
    }
    return {what, state: 'warn', says: `not built: ${missing.join(', ')}; \`up\` builds them`, fix: fixCommand}
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return {what, state: 'fail', says: error.message, fix: error.next ?? null}
  }
}

/** An engine that falls silent in between hides no more than what it was asked for. */
function unanswered(what: string): (error: unknown) => Examined {
  return error => {
    if (!(error instanceof LabError)) throw error
    return {what, state: 'fail', says: error.message, fix: error.next ?? fixCommand}
  }
}

/** The engine's memory, which on a desktop is that of its virtual machine. */
function memory(info: EngineInfo | null): Examined {
  const bytes = info?.MemTotal ?? totalmem()
  if (bytes >= wantedMemoryBytes) return ok('memory', gibibytes(bytes))
  return {
    what: 'memory',
    state: 'warn',
    says: `${gibibytes(bytes)}; a lab wants ${gibibytes(wantedMemoryBytes)}`,
    fix: 'give Docker more memory, or raise fewer hosts',
  }
}

/** Of a remote engine, or one in a virtual machine, the disk can't be seen from here. */
function engineDisk(info: EngineInfo | null): Examined[] {
  const root = info?.DockerRootDir
  return root && isLocal(addressInUse()) && existsSync(root) ? [diskFree('Docker disk', root)] : []
}

/** A directory that does not exist yet will be made where its nearest parent is. */
function diskFree(what: string, path: string): Examined {
  let here = path
  while (!existsSync(here)) here = dirname(here)
  const {bavail, bsize} = statfsSync(here)
  const free = bavail * bsize
  const says = `${gibibytes(free)} free for ${path}`
  if (free >= wantedDiskBytes) return ok(what, says)
  return {
    what,
    state: free < wantedDiskBytes / 8 ? 'fail' : 'warn',
    says: `${says}; images and a lab want ${gibibytes(wantedDiskBytes)}`,
    fix: next`to see what Docker keeps: ${shell('docker system df')} to free it: ${shell('docker system prune')}`,
  }
}

function cgroups(info: EngineInfo | null): Examined {
  return ok(
    'cgroups',
    info?.CgroupVersion ? `version ${info.CgroupVersion}, ${info.CgroupDriver}` : 'unknown to this engine',
  )
}

/** What faults ask of the kernel and the engine, tried in a container; and what they ask of a lab. */
async function whatCanBreak(docker: TryingEngine): Promise<Examined[]> {
  const {readable} = loadLabs()
  const having = (has: (lab: SavedLab) => boolean) => {
    const labs = readable.filter(has).map(one => one.allocation.lab)
    return labs.length === 0 ? 'no lab here has one' : labs.join(', ')
  }
  return [
    ...(await ofTheEngine(docker)),
    ok('can limited-disk', `a matter of the lab's topology: ${having(lab => lab.topology.dataBytes !== undefined)}`),
    ok(
      'can cascade',
      `a matter of the lab's topology: ${having(({topology: {tags = {}}}) => Object.values(tags).some(one => one.replicatefrom !== undefined))}`,
    ),
    ok(
      'can virtual-address',
      `a matter of the lab's topology: ${having(lab => lab.topology.keepalived !== undefined)}`,
    ),
    ok('can watchdog', `a matter of the lab's topology: ${having(lab => lab.topology.patroni.watchdog !== 'off')}`),
  ]
}

async function ofTheEngine(docker: TryingEngine): Promise<Examined[]> {
  try {
    return (await capabilities(docker, imageTags().host)).map(({capability, present, says, fix}) => ({
      what: `can ${capability}`,
      state: present ? 'ok' : 'warn',
      says,
      fix: present ? null : fix,
    }))
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return [
      {what: 'can break', state: 'warn', says: `nothing was tried: ${error.message}`, fix: error.next ?? fixCommand},
    ]
  }
}

/** Parallel queries and Docker itself take shared memory; containers get their own 64 MB each by Docker's default. */
function sharedMemory(): Examined {
  if (process.platform !== 'linux') return ok('/dev/shm', 'in the virtual machine of Docker')
  if (!existsSync('/dev/shm'))
    return {what: '/dev/shm', state: 'warn', says: 'missing', fix: shell('mount -t tmpfs tmpfs /dev/shm')}
  const {blocks, bsize} = statfsSync('/dev/shm')
  return ok('/dev/shm', gibibytes(blocks * bsize))
}

/** After a reboot the labs that ran lie there as exited containers. */
async function labs(docker: Containers): Promise<Examined> {
  const {says, stopped} = sayLabs(await docker.containers())
  if (says === '') return ok('labs', 'none')
  if (stopped === undefined) return ok('labs', says)
  return {
    what: 'labs',
    state: 'warn',
    says,
    fix: next`to start it: ${onLab(stopped, 'up')} to remove it: ${onLab(stopped, 'down')}`,
  }
}

function unreadable({lab, error}: BrokenLab): Examined {
  return {what: `lab ${lab}`, state: 'warn', says: error.message, fix: error.next ?? fixCommand}
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}

/** null when the program is not there, fails, or takes too long: each of these has its own line in the examination. */
async function askJson<T>(argv: [string, ...string[]], withinMs: number): Promise<T | null> {
  const ran = await run(argv, {withinMs})
  const line = ran.lines.find(one => one.startsWith('{'))
  return line === undefined ? null : (JSON.parse(line) as T)
}
