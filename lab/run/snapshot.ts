/**
 * A prepared cluster, put back in seconds. Saved: all hosts that keep data stand still at one moment (frozen, as a freeze of a file
 * system is), and what is on their volumes then is copied. It is what is there after all of them lost power at once, which etcd and
 * PostgreSQL come back from by themselves; who led then leads again, on the next timeline.
 */
import {randomBytes} from 'node:crypto'
import {volumesOf} from '../../compose/services.ts'
import {health} from '../cluster/health.ts'
import {untilHealthy} from '../cluster/wait.ts'
import {type Docker, porterName} from '../engine/docker.ts'
import type {Lab, LabEngine} from '../engine/lab.ts'
import {broken, sayBroken} from '../healing/broken.ts'
import {inForce, mended} from '../state/journal.ts'
import {owner, savedOwner} from '../state/owner.ts'
import {
  findSnapshot,
  forgetSnapshot,
  mustFit,
  recordSnapshot,
  type Snapshot,
  snapshotsOf,
  snapshotVolume,
  snapshotVolumes,
} from '../state/snapshots.ts'
import {loadLab} from '../state/state.ts'
import type {HostName, Owner} from '../topology/topology.ts'
import {LabError, stopped} from '../words/errors.ts'
import {type Hint, next, onLab} from '../words/next-step.ts'
import {type Progress, step} from '../words/progress.ts'

/** What this asks of the engine; a `Docker` is one. */
export type SnapshotEngine = LabEngine & Pick<Docker, 'makeVolume' | 'porter' | 'belongings' | 'remove'>

/** Its lab, open. */
interface Engine {
  readonly engine: SnapshotEngine
  readonly lab: Lab
}

interface Means {
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Where a porter has the volume of the snapshot, and those of the hosts by their names. */
const copies = '/snapshot'
const live = '/volumes'
/** On each volume: what is to take the place of all else there, and what it took the place of. */
const [staged, former] = ['.pgha-lab-restored', '.pgha-lab-former']
const notOurs = `! -name ${staged} ! -name ${former}`

/** The porter's scripts. Whatever an earlier one has left half done goes first. */
export const porterScripts = {
  save: `set -e
cd ${live}
rm -rf */${staged} */${former}
for volume in *; do mkdir ${copies}/$volume; find $volume -mindepth 1 -maxdepth 1 -exec cp -a -t ${copies}/$volume {} +; done
du -s -B1 ${copies} | cut -f1`,
  stage: `set -e
cd ${live}
rm -rf */${staged} */${former}
for volume in *; do mkdir $volume/${staged}; cp -a ${copies}/$volume/. $volume/${staged}; done`,
  unstage: `pkill -x cp
rm -rf ${live}/*/${staged}`,
  /** Only renames: as good as at once, and nothing is copied any more that could fail. */
  swap: `set -e
cd ${live}
for volume in *; do
  mkdir $volume/${former}
  find $volume -mindepth 1 -maxdepth 1 ${notOurs} -exec mv -t $volume/${former} {} +
  find $volume/${staged} -mindepth 1 -maxdepth 1 -exec mv -t $volume {} +
  rmdir $volume/${staged}
done`,
  tidy: `rm -rf ${live}/*/${former}`,
} as const

/** How a lab is saved, and how long its hosts stood still for it. */
export interface Saved {
  readonly snapshot: Snapshot
  readonly frozenMs: number
  readonly tookMs: number
}

/**
 * @param replace an earlier snapshot of that name, which stays until this one is whole.
 * @throws LabError `not-ready` for a lab that is not healthy, `usage` when there is one and it is not to be replaced, `config` for data
 * that is kept in memory, `interrupted`: nothing was saved then, and what there was before is there.
 */
export async function saveSnapshot(
  engine: SnapshotEngine,
  lab: Lab,
  {name, replace, progress, signal}: Means & {readonly name: string; readonly replace: boolean},
): Promise<Saved> {
  const began = performance.now()
  if (engine.several !== undefined)
    throw new LabError(
      'cannot-run-here',
      `a snapshot is one volume, and lab ${lab.name} has its data on several engines`,
    )
  const earlier = snapshotsOf(lab.name).find(one => one.name === name)
  if (earlier !== undefined && !replace)
    throw new LabError('usage', `lab ${lab.name} has a snapshot ${name} already, of ${earlier.at}`, {
      hint: next`to take this one instead: ${onLab(lab.name, 'snapshot', 'save', name, '--overwrite')}`,
    })
  mustBeOnDisk(lab)
  await engine.removeProgram(lab.name, porterName)
  const leader = await mustBeWell(lab)
  await removeVolumes(engine, lab.name, id => !snapshotsOf(lab.name).some(one => one.volume === id))
  const volume = snapshotVolume(lab.name, name, randomBytes(4).toString('hex'))
  await engine.makeVolume(lab.name, volume, ownerOf(lab.name))
  try {
    const copied = await copyFrozen({engine, lab}, {volume, progress, signal})
    recordSnapshot(lab.name, {
      ...{schema: 1, name, at: copied.at, volume, bytes: copied.bytes, leader},
      ...{topology: lab.topology, allocation: lab.allocation},
    })
    const snapshot = findSnapshot(lab.name, name)
    if (earlier !== undefined) await removeVolumes(engine, lab.name, id => id === earlier.volume)
    const goesOn = step(progress, 'wait until the cluster goes on', detail =>
      untilHealthy(lab, {withinMs: healthyWithinMs, signal, seen: detail, code: 'not-ready'}),
    )
    await orSay(goesOn, signal, `snapshot ${name} is saved, and whether lab ${lab.name} goes on was not waited for`)
    return {snapshot, frozenMs: copied.frozenMs, tookMs: performance.now() - began}
  } catch (error) {
    if (!snapshotsOf(lab.name).some(one => one.volume === volume))
      await removeVolumes(engine, lab.name, id => id === volume)
    throw error
  }
}

const healthyWithinMs = 120_000

/**
 * Puts the data of all hosts back. Until it says that nothing can stop it any more, an interrupt leaves the lab as it was.
 * @param goOn starts what is down, and waits until the lab is healthy.
 * @throws LabError `usage` when there is none of this name, `config` when it is of another lab, `interrupted`.
 */
export async function restoreSnapshot<T>(
  engine: SnapshotEngine,
  lab: Lab,
  {name, progress, signal, goOn}: Means & {readonly name: string; readonly goOn: () => Promise<T>},
): Promise<{snapshot: Snapshot; raised: T; tookMs: number}> {
  const began = performance.now()
  const snapshot = findSnapshot(lab.name, name)
  mustFit(snapshot, loadLab(lab.name)!)
  await engine.removeProgram(lab.name, porterName)
  {
    await using porter = await porterOf({engine, lab}, snapshot.volume)
    await step(progress, `copy snapshot ${name} beside the data of each host`, () =>
      untilStaged(engine, porter.id, {lab: lab.name, signal}),
    )
    // From here on the old or the new: what is killed is started again by any `up`, and renames are done by the engine's machine.
    await step(progress, 'put it in its place', async () => {
      await switchOff(lab)
      await carry(engine, porter.id, porterScripts.swap)
      for (const {id} of inForce(lab.name)) mended(lab.name, id) // what was broken is gone with the data
      await switchOn(lab)
      await carry(engine, porter.id, porterScripts.tidy)
    })
  }
  const says = `lab ${lab.name} has the data of snapshot ${name}, and may be half started`
  return {snapshot, raised: await orSay(goOn(), signal, says, onLab(lab.name, 'up')), tookMs: performance.now() - began}
}

/** @throws LabError `usage` when there is none of this name. */
export async function removeSnapshot(
  engine: Pick<Docker, 'belongings' | 'remove'>,
  lab: string,
  name: string,
): Promise<Snapshot> {
  const snapshot = findSnapshot(lab, name)
  forgetSnapshot(lab, name)
  await removeVolumes(engine, lab, id => id === snapshot.volume)
  return snapshot
}

/** An interrupt while it is only waited for has stopped nothing any more. */
async function orSay<T>(waiting: Promise<T>, signal: AbortSignal, sentence: string, hint?: Hint): Promise<T> {
  try {
    return await waiting
  } catch (error) {
    if (!signal.aborted) throw error
    throw new LabError('interrupted', `interrupted: ${sentence}`, {cause: error, hint})
  }
}

function mustBeOnDisk({name, topology}: Lab): void {
  const inMemory = topology.hosts.filter(host => volumesOf(topology, host).some(({bytes}) => bytes !== undefined))
  if (inMemory.length === 0) return
  const hosts = inMemory.map(host => host.name).join(', ')
  throw new LabError('config', `the data of ${hosts} is kept in memory (postgresql.data_size) and cannot be saved`, {
    hint: next`take a lab whose data is on disk: ${onLab(`${name.slice(0, 26)}-disk`, 'up')}`,
  })
}

/** Whoever restores it wants a cluster that works. Who leads. */
async function mustBeWell(lab: Lab): Promise<HostName> {
  const [seen, signs] = [await health(lab), await broken(lab)]
  const wrong = [...seen.complaints, ...sayBroken(signs), ...inForce(lab.name).map(one => `${one.fault} is in force`)]
  if (wrong.length === 0 && seen.leader !== null) return seen.leader
  throw new LabError('not-ready', `lab ${lab.name} is not healthy, so it is not saved: ${wrong[0] ?? 'nobody leads'}`, {
    hint: onLab(lab.name, 'heal'),
  })
}

async function copyFrozen({engine, lab}: Engine, {volume, progress, signal}: Means & {readonly volume: string}) {
  await using porter = await porterOf({engine, lab}, volume)
  const keepers = await containersOf(lab, keepersOf(lab))
  return await step(progress, `freeze ${keepers.length} hosts and copy what they keep`, async () => {
    if (signal.aborted) throw stopped(signal.reason, 'interrupted: nothing was saved')
    const frozen = performance.now()
    const at = new Date().toISOString()
    try {
      await Promise.all(keepers.map(({id, host}) => lab.engineOf(host).pause(id)))
      const printed = await Promise.race([carry(engine, porter.id, porterScripts.save), aborted(signal)])
      return {at, bytes: Number(printed), frozenMs: performance.now() - frozen}
    } finally {
      const now = await containersOf(lab, keepersOf(lab))
      await Promise.all(
        now.flatMap(({id, host, state}) => (state === 'paused' ? [lab.engineOf(host).unpause(id)] : [])),
      )
    }
  })
}

/** @throws LabError `interrupted` as soon as the signal fires. */
function aborted(signal: AbortSignal): Promise<never> {
  const {promise, reject} = Promise.withResolvers<never>()
  const stop = () => reject(stopped(signal.reason, 'interrupted: nothing was saved, and the lab runs on'))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, {once: true})
  promise.catch(() => {})
  return promise
}

async function untilStaged(engine: SnapshotEngine, porter: string, {lab, signal}: {lab: string; signal: AbortSignal}) {
  const unstage = () => void carry(engine, porter, porterScripts.unstage).catch(() => {})
  signal.addEventListener('abort', unstage, {once: true})
  try {
    await carry(engine, porter, porterScripts.stage)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', unstage)
  }
  if (!signal.aborted) return
  await carry(engine, porter, porterScripts.unstage)
  throw stopped(signal.reason, `interrupted: lab ${lab} is as it was, and nothing was restored`)
}

async function switchOff(lab: Lab): Promise<void> {
  const all = await containersOf(lab)
  await Promise.all(
    all.map(async ({id, host, state}) => {
      const engine = lab.engineOf(host)
      if (state === 'paused') await engine.unpause(id)
      if (!['running', 'paused', 'restarting'].includes(state)) return
      await engine.kill(id)
      await engine.untilEnded(id)
    }),
  )
}

async function switchOn(lab: Lab): Promise<void> {
  const all = await containersOf(lab)
  await Promise.all(all.map(({id, host}) => lab.engineOf(host).start(id)))
}

async function containersOf(lab: Lab, hosts = lab.topology.hosts.map(host => host.name)) {
  return (await lab.docker.containers(lab.name)).filter(one => hosts.includes(one.host))
}

function keepersOf({topology}: Lab): HostName[] {
  return topology.hosts.filter(host => volumesOf(topology, host).length > 0).map(host => host.name)
}

function porterOf({engine, lab}: Engine, volume: string): Promise<AsyncDisposable & {readonly id: string}> {
  const own = lab.topology.hosts.flatMap(host => volumesOf(lab.topology, host).map(one => one.name))
  return engine.porter(lab.name, {
    image: lab.allocation.images.host,
    owner: ownerOf(lab.name),
    at: {[volume]: copies, ...Object.fromEntries(own.map(one => [`pgha-lab-${lab.name}_${one}`, `${live}/${one}`]))},
  })
}

function ownerOf(lab: string): Owner {
  const mine = owner()
  return {...mine, id: savedOwner(lab) ?? mine.id}
}

/** What takes as long as there is data. @throws LabError `engine` with what went wrong. */
async function carry(engine: SnapshotEngine, porter: string, script: string): Promise<string> {
  await using running = await engine.exec(porter, ['sh', '-c', script])
  running.stdin.end()
  const lines: string[] = []
  for await (const line of running.lines) lines.push(line)
  const code = await running.done
  if (running.lost !== undefined) throw running.lost
  if (code === 0) return lines.join('\n')
  const says = running.stderr().trim().split('\n').at(-1) ?? ''
  if (/No space left/.test(says)) throw new LabError('disk-full', 'the disk of the Docker engine is full')
  throw new LabError('engine', `copying data between volumes failed: ${says || `exit code ${code}`}`)
}

async function removeVolumes(
  engine: Pick<Docker, 'belongings' | 'remove'>,
  lab: string,
  which: (id: string) => boolean,
): Promise<void> {
  const all = await engine.belongings(lab)
  const found = all.filter(({kind, id}) => kind === 'volume' && id.startsWith(snapshotVolumes(lab)) && which(id))
  if (found.length > 0) await engine.remove(found, false)
}
