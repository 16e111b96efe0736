import type {Command} from 'commander'
import type {Docker, Mend} from '../../lab/index.ts'
import type {Absent, Removed} from '../../lab/inside/engine.ts'
import {LabError, next, onLab, ownCommand} from '../../lab/inside/start.ts'
import {spokenNext} from '../called-as.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'
import {tell, tellWords} from '../output.ts'

interface Options {
  name: string
  stale?: boolean
  json?: boolean
}

export function down(): Command {
  return command(
    'down',
    [
      "Remove a lab: its containers, network and volumes.\nEverything of it that is yours goes, its snapshots too, and nothing else. Recorded runs stay; another owner's lab is refused. Of a lab on several engines goes what those have that answer; exit code 3 when one does not.",
      '',
      '--stale removes what earlier owners left: labs of which nothing runs, and running ones whose owner is gone. A running lab of an owner who is there, or might be, stays and is told. Of all labs, or of the one that --name says, on the engine in use; other engines that labs here lie on are told. You are PGHA_LAB_OWNER, else an id that the state directory keeps.',
    ].join('\n'),
    'down\ndown --name second\ndown --stale',
  )
    .addOption(nameOption())
    .option('--stale', 'remove labs that somebody left, of all names unless --name is given')
    .addOption(jsonOption())
    .action(async (options: Options, self: Command) => {
      if (!options.stale) return await removeOne(options)
      // PGHA_LAB_NAME says which lab is meant where one is; here it would hide the others.
      await sweep(self.getOptionValueSource('name') === 'cli' ? options.name : undefined, options.json)
    })
}

async function removeOne({name, json}: Options): Promise<void> {
  const {engineOfLab, forgetLab, lockLab, removeOurs, snapshotsOf} = await import('../../lab/index.ts')
  using _lock = lockLab(name, 'down')
  const {docker, absent} = await answering(engineOfLab(name))
  const {known, faults} = await whatIsThere(docker, name)
  const removed = await removeOurs(docker, name)
  if (absent.length > 0) return tellLeft(name, removed, faults, absent, json)
  const snapshots = snapshotNames(() => snapshotsOf(name))
  tellFaults(faults)
  forgetLab(name)
  const nothing = !known && removed.containers + removed.networks + removed.volumes === 0
  if (json) printJson({lab: name, removed, snapshots})
  else
    tell(
      nothing
        ? `there is no lab called ${name}; nothing to remove\n`
        : `lab ${name} is gone: ${counted(removed)}${withThem(snapshots)}\n`,
    )
}

/** Of a lab on several engines those that answer; the only one there is has to. */
async function answering(docker: Docker): Promise<{readonly docker: Docker; readonly absent: readonly Absent[]}> {
  if (docker.several !== undefined) return docker.several.reachable()
  await docker.version()
  return {docker, absent: []}
}

function tellFaults(faults: readonly string[]): void {
  for (const says of faults) tellWords(`a fault was still in force and goes with the lab; to do was: ${says}\n`)
}

/** What is known of the lab stays, so that the rest goes by its name when its engines are back. @throws LabError always: it is not gone. */
function tellLeft(
  name: string,
  removed: Removed,
  faults: readonly string[],
  absent: readonly Absent[],
  json?: boolean,
): never {
  tellFaults(faults)
  if (json)
    printJson({lab: name, removed, snapshots: [], left: absent.map(one => ({...one, error: one.error.message}))})
  else tell(`of lab ${name} is gone what could be reached: ${counted(removed)}\n`)
  const where = absent.map(one => one.engine).join(' and ')
  const [{error: first}] = absent as readonly [Absent]
  throw new LabError(
    first.code,
    `lab ${name} is not gone: what it has on ${where} is left there. ${absent.map(one => one.error.message).join('; ')}`,
    {cause: first, hint: next`to remove the rest when ${where} answers again: ${onLab(name, 'down')}`},
  )
}

async function sweep(name: string | undefined, json?: boolean): Promise<void> {
  const {Docker, removeStale} = await import('../../lab/index.ts')
  const {isElsewhere, otherEngines} = await import('../../lab/inside/engine.ts')
  const docker = new Docker()
  await docker.version()
  const {removed, left} = await removeStale(docker, name)
  const triedIn = name === undefined ? await docker.removeThrowaways() : 0
  const notAsked = [...otherEngines(docker.name)]
    .map(([engine, labs]) => ({engine, labs}))
    .filter(({labs}) => name === undefined || labs.includes(name))
  if (json) printJson({removed, left, throwaways: triedIn, notAsked})
  else {
    for (const one of removed) tell(`lab ${one.lab} ${one.says}; removed: ${counted(one.removed)}\n`)
    for (const one of left) tell(`lab ${one.lab} ${one.says}; left alone\n`)
    if (triedIn > 0) tell(`removed ${triedIn} containers in which something was tried\n`)
    if (removed.length + triedIn === 0) tell('nothing was left behind that could be removed\n')
    for (const {engine, labs} of notAsked) {
      const words = [...(isElsewhere(engine) ? ['--allow-remote'] : []), 'down', '--stale']
      const asked = ownCommand(...words).onEngine(engine)
      tell(`the engine ${engine}, which has ${labs.join(', ')}, was not looked at\n${spokenNext(asked)}\n`)
    }
  }
}

/** What this version cannot read goes as well. */
function snapshotNames(read: () => readonly {readonly name: string}[]): readonly string[] {
  try {
    return read().map(one => one.name)
  } catch {
    return []
  }
}

function withThem(snapshots: readonly string[]): string {
  if (snapshots.length === 0) return ''
  return `; and with it snapshot${snapshots.length === 1 ? '' : 's'} ${snapshots.join(', ')}`
}

function counted({containers, networks, volumes}: Removed): string {
  return `${containers} containers, ${networks} network, ${volumes} volumes`
}

/** What is missing from a lab without a fault: what was stopped, or was left by a run. */
const noFault: ReadonlySet<Mend['do']> = new Set(['start-host', 'start-observer', 'remove-program'])

/** What cannot be read, or does not answer, can still be removed. */
async function whatIsThere(docker: Docker, name: string): Promise<{known: boolean; faults: readonly string[]}> {
  const {broken, inForce, Lab, loadLab, sayMend} = await import('../../lab/index.ts')
  let lab: InstanceType<typeof Lab>
  try {
    const saved = loadLab(name)
    if (saved === undefined) return {known: false, faults: []}
    lab = new Lab(docker, saved.topology, saved.allocation)
  } catch {
    return {known: true, faults: []} // written by another version
  }
  const found = await broken(lab).catch(() => ({mends: [], unknown: [], untold: []})) // what cannot be told is removed all the same
  const faults = found.mends.filter(one => !noFault.has(one.do))
  const mends = [...inForce(name).map(entry => entry.mend), ...faults]
  return {known: true, faults: [...new Set([...mends.map(sayMend), ...found.unknown])]}
}
