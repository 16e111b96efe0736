/** `up`: from a topology to a healthy lab. Run again, it starts what is missing and adds nothing. */
import {isDeepStrictEqual} from 'node:util'
import {ownProxy} from '../../compose/own-haproxy.ts'
import {render} from '../../compose/render.ts'
import {gatewayOf} from '../../compose/services.ts'
import {explained, lastWords, sayLastWords} from '../cluster/last-words.ts'
import {untilHealthy} from '../cluster/wait.ts'
import {withKeys} from '../engine/certificates.ts'
import {claimOf, type Docker} from '../engine/docker.ts'
import {haproxyMustTake} from '../engine/haproxy-check.ts'
import {Lab, type LabEngine} from '../engine/lab.ts'
import {EngineAmiss} from '../engine/one-swarm.ts'
import {type ImageIds, ownImages} from '../engine/own-images.ts'
import {type Refused, refusedParameters, writtenParameters} from '../engine/parameters.ts'
import {type ComposeText, portTaken} from '../engine/stack.ts'
import {heal} from '../healing/heal.ts'
import {sayMend} from '../history/say-mend.ts'
import {ensureReady, type ImageTags, type SetupEngine} from '../setup/setup.ts'
import {allocate, isFree} from '../state/allocate.ts'
import {engineOfLab} from '../state/engine-of-lab.ts'
import {owner, savedOwner} from '../state/owner.ts'
import {claim, type OwnershipEngine} from '../state/ownership.ts'
import {readBack} from '../state/read-back.ts'
import {anew, loadLab, type SavedLab, saveLab} from '../state/state.ts'
import type {Topology} from '../topology/topology.ts'
import type {AskedTopology} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'
import {beside, next, onLab, sayLines} from '../words/next-step.ts'
import {type Progress, step} from '../words/progress.ts'
import {tellProxies} from './first-checks.ts'
import {type Readiness, untilWritable} from './readiness.ts'
import {untilReaped} from './reaper.ts'

/** What raising asks of the engine; a `Docker` is one. */
export type RaiseEngine = LabEngine &
  OwnershipEngine &
  SetupEngine &
  Pick<Docker, 'subnets' | 'elsewhere' | 'startReaper' | 'hasReaper'>

const healthyWithinMs = 120_000
/** Longer than a lab takes that comes up as it should. */
const tellEveryMs = 20_000
/** Since its hosts were started, which came first. */
const startedBeforeMs = 10_000

/** A lab that is healthy, or as ready as was asked. */
export interface Raised {
  readonly lab: Lab
  /** What had to be done: `created` from nothing, `started` what was down, `already` healthy. */
  readonly how: 'created' | 'started' | 'already'
  readonly tookMs: number
  /** Of that, until all members streamed and a write through HAProxy was committed; its read-only routes come last. All of it where something else was waited for. */
  readonly writableMs: number
}

export interface RaiseOptions {
  readonly name: string
  /** What the person asked for; undefined: what the lab has, or the default for a new one. */
  readonly topology: Topology | undefined
  /** The file that it stands in, from the root. */
  readonly topologyFile?: string | undefined
  readonly fallback: () => Topology
  /** Told of the parameters that PostgreSQL refuses; throws where they come from. */
  readonly mustTake?: AskedTopology['mustTake'] | undefined
  /** Where the topology says what an error is about. */
  readonly toldAt?: AskedTopology['toldAt'] | undefined
  readonly progress: Progress
  readonly signal: AbortSignal
  /** When it is ready to be used; healthy in all its parts when not given. */
  readonly until?: Readiness | undefined
  /** Done before it gets its first hosts, when it has none: what is to know it from the beginning. */
  readonly beforeHosts?: ((lab: Lab) => Promise<void>) | undefined
  /** Build the images anew first; a lab that is there keeps those it was raised with. */
  readonly refresh?: boolean
}

/** What raising does through others: a machine made ready, and what it has for a lab. */
const through = {ready: ensureReady, allocate}

/** @throws LabError; `interrupted` leaves the lab as far as it came, and the caller says so. */
export async function raise(docker: RaiseEngine, options: RaiseOptions, means = through): Promise<Raised> {
  const {name, progress, signal, until} = options
  docker.heed(signal)
  await mustBeOneSwarm(docker, options)
  const saved = loadLab(name)
  const {release, patroniBuild} = options.topology ?? saved?.topology ?? options.fallback()
  const images = await means.ready(docker, progress, {
    ...{signal, refresh: options.refresh, release},
    patroniBuild: saved === undefined ? patroniBuild : undefined, // a lab that is there keeps the images it was raised with
  })
  // Not before: on a machine that has nothing yet there is no engine to ask.
  await untilReaped(docker, name, signal)
  const began = performance.now()
  const {lab, how} = await start(docker, options, images, means)
  let writableMs = 0
  await step(progress, `wait until ${until?.says ?? 'the cluster is healthy'}`, async detail => {
    const hint = onLab(name, 'logs')
    const wait = {withinMs: healthyWithinMs, signal, seen: detail, code: 'not-ready', hint} as const
    const sinceMs = await docker.clockMs()
    using _telling = tellWhy(lab, sinceMs, detail)
    await using _told = how === 'created' ? tellingProxies(lab) : undefined
    try {
      await (until === undefined ? untilWritable(lab, wait) : until.wait(lab, wait))
    } catch (error) {
      throw await explained(lab, error, sinceMs - startedBeforeMs)
    }
    writableMs = performance.now() - began
    if (until === undefined) await untilHealthy(lab, wait)
  })
  return {lab, how, tookMs: performance.now() - began, writableMs}
}

/** While it lasts: a proxy of a lab that is new is told what its checks would find out later. */
function tellingProxies(lab: Lab): AsyncDisposable {
  const ended = new AbortController()
  const telling = tellProxies(lab, ended.signal)
  return {
    async [Symbol.asyncDispose]() {
      ended.abort()
      await telling
    },
  }
}

type Asked = Pick<RaiseOptions, 'topology' | 'toldAt'>

/** The engine, or those, on which a lab is or is to be raised. @throws LabError as `engineOfLab`, with its place. */
export function engineToRaise(name: string, asked: Asked): Docker {
  try {
    return engineOfLab(name, asked.topology)
  } catch (error) {
    throw placed(error, asked)
  }
}

/** Before anything is made, built or copied. */
async function mustBeOneSwarm({several}: RaiseEngine, asked: Asked): Promise<void> {
  try {
    await several?.mustBeOneSwarm()
  } catch (error) {
    throw placed(error, asked)
  }
}

/** What is wrong with one engine, with the place where that is named. */
function placed(error: unknown, {topology, toldAt}: Asked): unknown {
  if (!(error instanceof EngineAmiss) || toldAt === undefined) return error
  const host = Object.entries(topology?.engines ?? {}).find(([, engine]) => engine === error.engine)?.[0]
  return host === undefined ? error : toldAt(['engines', host], error)
}

/** Every engine has what its hosts run: of one build, or two hosts of a lab would differ. */
async function shareImages(
  {several}: RaiseEngine,
  {allocation: {images}}: Lab,
  progress: Progress,
  signal: AbortSignal,
) {
  const {host, app, own = {}} = images
  await several?.shareImages([host, app, ...Object.values(own)], signal, (to, copy) =>
    step(progress, `copy the images to ${to}`, copy),
  )
}

/** While it lasts: what the hosts' logs say may be why. */
function tellWhy(lab: Lab, sinceMs: number, tell: (says: string) => void): Disposable {
  const timer = setInterval(async () => {
    const words = await lastWords(lab, sinceMs - startedBeforeMs).catch(() => [])
    if (words.length > 0) tell(sayLastWords(words))
  }, tellEveryMs)
  return {[Symbol.dispose]: () => clearInterval(timer)}
}

/** The name is claimed until there are containers, which then say whose it is. */
async function start(
  docker: RaiseEngine,
  options: RaiseOptions,
  images: ImageTags,
  means: typeof through,
): Promise<Pick<Raised, 'lab' | 'how'>> {
  const {name, topology: wanted, progress, signal, refresh = false} = options
  await using _claim = await claim(docker, name)
  const found = await docker.containers(name)
  const saved = loadLab(name)
  await mustAgree(docker, name, saved, wanted)
  if (refresh && saved !== undefined)
    await step(
      progress,
      `lab ${name} keeps the images that it was raised with`,
      async () => `to raise it anew with the new ones: ${sayLines(anew(name)).join(', then ')}`,
      says => says,
    )
  const {topology, allocation} = saved ?? (await create(docker, options, images, means.allocate))
  let lab = new Lab(docker, topology, allocation)
  const running = found.filter(one => one.state === 'running')
  const complete = running.length === topology.hosts.length
  // Compose takes a moment to read the file, and other things have to be waited for.
  const file = complete ? null : readBack(lab, signal, docker.compose.reads)
  file?.catch(() => {}) // told where it is awaited
  if (running.length === 0) await portsMustBeFree(lab)
  if (found.length === 0) await options.beforeHosts?.(lab)
  if (found.length > 0) {
    await file // a mend starts hosts, too: of a file that was changed nothing is started
    // Hosts that are down are no news: `up` is there to start them.
    const mended = (await heal(lab, signal)).filter(one => one.fault !== null || one.mend.do !== 'start-host')
    if (mended.length > 0)
      progress({
        step: 'heal what an earlier run left broken',
        state: 'done',
        says: mended.map(one => sayMend(one.mend)).join(', '),
      })
  }
  if (file !== null) await shareImages(docker, lab, progress, signal)
  if (file !== null)
    await step(progress, `start ${topology.hosts.length} hosts`, async () => {
      for (let tried = 1; ; tried++)
        try {
          return await startHosts(docker, lab, tried === 1 ? file : readBack(lab, signal, docker.compose.reads), signal)
        } catch (error) {
          const isTaken = error instanceof LabError && error.code === 'network-taken'
          // A lab that was there keeps what it has: its addresses may be in anybody's files.
          if (!isTaken || saved !== undefined || found.length > 0 || tried === mostNetworks) throw error
          lab = await chooseAnew(docker, lab, means.allocate)
        }
    })
  return {lab, how: found.length === 0 ? 'created' : complete ? 'already' : 'started'}
}

/** How often a new lab is given another network: a free one is reserved only by making it, and others are raised meanwhile. */
const mostNetworks = 10

async function startHosts(docker: RaiseEngine, lab: Lab, file: Promise<ComposeText>, signal: AbortSignal) {
  using answering = docker.answering(signal)
  const text = await file
  await using _network = await makeNetwork(docker, lab)
  await docker.compose.up(text, answering.signal, docker.limits.raiseMs).catch(error => {
    const isTaken = error instanceof LabError && (error.code === 'port-taken' || error.code === 'network-taken')
    throw isTaken ? withOthers(error, lab.name) : error
  })
}

/** Compose makes that of one engine. */
async function makeNetwork(
  {several}: RaiseEngine,
  {name, allocation: {subnet, images}}: Lab,
): Promise<AsyncDisposable | null> {
  const mine = owner()
  const whose = {...mine, id: savedOwner(name) ?? mine.id}
  const network = {subnet, gateway: gatewayOf(subnet), owner: whose}
  return (await several?.makeNetwork(name, network, images.host)) ?? null
}

/** An existing lab is never changed under its user's feet. */
async function mustAgree(
  docker: RaiseEngine,
  name: string,
  saved: SavedLab | undefined,
  wanted: Topology | undefined,
): Promise<void> {
  // Volumes alone would do harm enough: they hold a cluster with other passwords.
  const found = (await docker.belongings(name)).filter(one => one.id !== claimOf(name))
  if (saved === undefined && found.length > 0)
    throw new LabError(
      'no-lab',
      `${found.length} containers, networks and volumes of a lab called ${name} are here, but what was known about it is gone`,
      {
        hint: next`${onLab(name, 'down')} ${onLab(name, 'up')}`,
      },
    )
  if (saved !== undefined && wanted !== undefined && !isSameTopology(saved.topology, wanted))
    throw new LabError(
      'config',
      `lab ${name} exists with another topology or other settings (profile ${saved.topology.profile})`,
      {
        hint: next`to raise another lab beside it: ${onLab(beside(name), 'up')} to remove it first: ${onLab(name, 'down')} ${onLab(name, 'up')}`,
      },
    )
}

/** A build of Patroni is what it holds, wherever it lies. */
function isSameTopology({patroniBuild: one, ...saved}: Topology, {patroniBuild: other, ...wanted}: Topology): boolean {
  return one?.digest === other?.digest && isDeepStrictEqual(saved, wanted)
}

async function create(
  docker: RaiseEngine,
  {name, topology: wanted, topologyFile, fallback, mustTake = refuse, progress}: RaiseOptions,
  made: ImageTags,
  given: typeof allocate,
): Promise<SavedLab> {
  const {commit, ...tags} = made
  const topology = withCommit(wanted ?? fallback(), commit)
  const own = await lookedAt(docker, topology, tags.host, progress)
  const images: SavedLab['allocation']['images'] = {...tags, ...(Object.keys(own).length === 0 ? {} : {own})}
  const imageWith = (service: 'patroni' | 'haproxy') => own[topology.images?.[service] ?? ''] ?? images.host
  const parameters = writtenParameters(topology)
  if (Object.keys(parameters).length > 0)
    await step(progress, 'ask PostgreSQL whether it takes the parameters', async () =>
      mustTake(await refusedParameters(docker, imageWith('patroni'), parameters)),
    )
  const allocation = await choose(docker, {name, topology, images}, given)
  const proxy = ownProxy(topology, allocation)
  if (proxy !== undefined)
    await step(progress, `ask HAProxy whether it takes ${proxy.shown}`, () =>
      haproxyMustTake(docker, imageWith('haproxy'), proxy),
    )
  const file = topologyFile === undefined ? {} : {topologyFile}
  return keep(name, {schema: 2, topology, allocation, ...file, engine: docker.name})
}

/** What a lab is to be given now, with its passwords and keys. */
async function choose(
  docker: RaiseEngine,
  {name, topology, images}: {name: string; topology: Topology; images: SavedLab['allocation']['images']},
  given: typeof allocate,
): Promise<SavedLab['allocation']> {
  const plain = await given(name, topology, images, await docker.subnets())
  return withKeys(docker, topology, docker.elsewhere ? {...plain, elsewhere: true} : plain)
}

/** Of a lab of which the engine has nothing yet. */
async function chooseAnew(docker: RaiseEngine, {name, topology, allocation: {images}}: Lab, given: typeof allocate) {
  const allocation = await choose(docker, {name, topology, images}, given)
  keep(name, {...loadLab(name)!, allocation})
  return new Lab(docker, topology, allocation)
}

function keep(name: string, saved: SavedLab): SavedLab {
  const mine = owner()
  saveLab(saved, render(saved.topology, saved.allocation, {...mine, id: savedOwner(name) ?? mine.id}))
  return saved
}

function lookedAt(docker: RaiseEngine, topology: Topology, base: string, progress: Progress): Promise<ImageIds> {
  const named = [...new Set(Object.values(topology.images ?? {}))]
  if (named.length === 0) return Promise.resolve({})
  return step(progress, `ask ${named.join(' and ')} what it has`, () => ownImages(docker, topology, base))
}

function withCommit(topology: Topology, commit: ImageTags['commit']): Topology {
  if (topology.patroniBuild === undefined || commit === undefined) return topology
  return {...topology, patroniBuild: {...topology.patroniBuild, commit}}
}

function refuse(refused: readonly Refused[]): void {
  if (refused.length === 0) return
  const says = refused.map(one => `postgresql.parameters.${one.name}: PostgreSQL says: ${one.says}`)
  throw new LabError('config', says.join('\n'))
}

/** Asked before the engine is, because the engine's own complaint does not say who holds the port. */
async function portsMustBeFree(lab: Lab): Promise<void> {
  for (const port of Object.values(lab.allocation.ports).flatMap(ports => Object.values(ports)))
    if (!(await isFree(port))) throw withOthers(await portTaken(port), lab.name)
}

/** Ports and a network are chosen when it is raised from nothing. */
function withOthers(error: LabError, lab: string): LabError {
  return new LabError(error.code, error.message, {
    cause: error,
    hint:
      error.code === 'network-taken'
        ? next`to take another one: ${anew(lab)}`
        : next`stop that program; or take other ports: ${anew(lab)}`,
  })
}
