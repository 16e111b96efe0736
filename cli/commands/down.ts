import type {Command} from 'commander'
import type {Docker, Mend} from '../../lab/index.ts'
import type {Removed} from '../../lab/inside/engine.ts'
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
      "Remove a lab: its containers, network and volumes.\nEverything of it that is yours goes, its snapshots too, and nothing else. Recorded runs stay; another owner's lab is refused.",
      '',
      '--stale removes what earlier owners left: labs of which nothing runs, and running ones whose owner is gone. A running lab of an owner who is there, or might be, stays and is told. Of all labs, or of the one that --name says. You are PGHA_LAB_OWNER, else an id that the state directory keeps.',
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
  const docker = engineOfLab(name)
  await docker.version()
  const {known, faults} = await whatIsThere(docker, name)
  const removed = await removeOurs(docker, name)
  const snapshots = snapshotNames(() => snapshotsOf(name))
  for (const says of faults) tellWords(`a fault was still in force and goes with the lab; to do was: ${says}\n`)
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

async function sweep(name: string | undefined, json?: boolean): Promise<void> {
  const {Docker, removeStale} = await import('../../lab/index.ts')
  const docker = new Docker()
  await docker.version()
  const {removed, left} = await removeStale(docker, name)
  const triedIn = name === undefined ? await docker.removeThrowaways() : 0
  if (json) printJson({removed, left, throwaways: triedIn})
  else {
    for (const one of removed) tell(`lab ${one.lab} ${one.says}; removed: ${counted(one.removed)}\n`)
    for (const one of left) tell(`lab ${one.lab} ${one.says}; left alone\n`)
    if (triedIn > 0) tell(`removed ${triedIn} containers in which something was tried\n`)
    if (removed.length + triedIn === 0) tell('nothing was left behind that could be removed\n')
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
