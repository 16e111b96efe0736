import type {Command} from 'commander'
import type {Snapshot} from '../../lab/index.ts'
import {LabError, onLab, sayBytes, sentence} from '../../lab/inside/start.ts'
import {spoken, spokenNext} from '../called-as.ts'
import {type Interrupt, onInterrupt} from '../interrupt.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'
import {print, tell} from '../output.ts'
import {showProgress} from '../progress.ts'

interface Options {
  name: string
  json?: boolean
  overwrite?: boolean
}

export function snapshot(): Command {
  const parent = command(
    'snapshot',
    'Save the data of a lab under a name, and put it back in seconds.\nA snapshot has what etcd and PostgreSQL of all hosts keep. It is of use to the very lab that it was taken of, and goes with it at `down`.',
    'snapshot save base\nsnapshot restore base\nsnapshot list\nsnapshot remove base',
  )
  parent.helpCommand('help [command]', 'show the help of a command')
  for (const add of [save, restore, list, remove]) parent.addCommand(add())
  return parent
}

function save(): Command {
  return command(
    'save',
    'Save the data of a healthy lab. Its hosts are frozen while it is copied, and go on.\nCtrl-C saves nothing: what there was of that name is there.',
    'snapshot save base\nsnapshot save base --overwrite',
  )
    .argument('<snapshot>', 'what to call it: small letters, digits and dashes')
    .option('--overwrite', 'in place of an earlier one of that name, which stays until this one is whole')
    .addOption(nameOption())
    .addOption(jsonOption())
    .action((called: string, options: Options) => working('save', called, options, saveIt))
}

async function saveIt({called, options, interrupt, progress}: Work): Promise<() => void> {
  const {engineOfLab, openOurs, saveSnapshot} = await import('../../lab/index.ts')
  const docker = engineOfLab(options.name)
  await using lab = await openOurs(docker, options.name)
  const {signal} = interrupt
  const means = {name: called, replace: options.overwrite === true, progress, signal}
  const {snapshot: saved, frozenMs, tookMs} = await saveSnapshot(docker, lab, means)
  return () => {
    if (options.json)
      return printJson({lab: options.name, ...told(saved), frozenMs: Math.round(frozenMs), tookMs: Math.round(tookMs)})
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
    tell(`snapshot ${called}: ${sayBytes(saved.bytes)} in ${seconds(tookMs)}, of which ${seconds(frozenMs)} frozen\n`)
    tell(`${spokenNext(onLab(options.name, 'snapshot', 'restore', called))}\n`)
  }
}

function restore(): Command {
  return command(
    'restore',
    'Put the data of a snapshot back, and wait until the lab is healthy.\nWhatever was written or broken since is gone; who led then leads again. Ctrl-C leaves the data as it was, or that of the snapshot, and says which.',
    'snapshot restore base',
  )
    .argument('<snapshot>', 'which one')
    .addOption(nameOption())
    .addOption(jsonOption())
    .action((called: string, options: Options) => working('restore', called, options, restoreIt))
}

async function restoreIt({called, options, interrupt, progress}: Work): Promise<() => void> {
  const {engineOfLab, loadTopology, openOurs, raise, restoreSnapshot} = await import('../../lab/index.ts')
  const {name} = options
  const docker = engineOfLab(name)
  await using lab = await openOurs(docker, name)
  const {signal} = interrupt
  const goOn = () =>
    raise(docker, {name, topology: undefined, fallback: () => loadTopology({}), progress, signal, refresh: false})
  const {snapshot: put, tookMs} = await restoreSnapshot(docker, lab, {name: called, progress, signal, goOn})
  return () => {
    if (options.json) return printJson({lab: name, ...told(put), tookMs: Math.round(tookMs)})
    tell(`lab ${name} is as it was at ${put.at}, and healthy after ${(tookMs / 1000).toFixed(1)} s\n`)
  }
}

function list(): Command {
  return command('list', 'List the snapshots of a lab.', 'snapshot list\nsnapshot list --json')
    .addOption(nameOption())
    .addOption(jsonOption())
    .action(async ({name, json}: Options) => {
      const {snapshotsOf} = await import('../../lab/index.ts')
      await mustBeSaved(name)
      const all = snapshotsOf(name).map(told)
      if (json) return printJson({lab: name, snapshots: all})
      if (all.length === 0)
        print(`lab ${name} has no snapshot\n${spokenNext(onLab(name, 'snapshot', 'save', 'base'))}\n`)
      const width = Math.max(...all.map(one => one.snapshot.length))
      for (const one of all) print(`${one.snapshot.padEnd(width)}  ${one.at}  ${sayBytes(one.bytes)}  ${one.leader}\n`)
    })
}

function remove(): Command {
  return command('remove', 'Remove a snapshot of a lab.', 'snapshot remove base')
    .argument('<snapshot>', 'which one')
    .addOption(nameOption())
    .addOption(jsonOption())
    .action(async (called: string, {name, json}: Options) => {
      const {checkSnapshotName, engineOfLab, lockLab, mustBeOurs, removeSnapshot} = await import('../../lab/index.ts')
      checkSnapshotName(called)
      using _lock = lockLab(name, `snapshot remove ${called}`)
      const docker = engineOfLab(name)
      await mustBeOurs(docker, name)
      await mustBeSaved(name)
      const removed = await removeSnapshot(docker, name, called)
      if (json) printJson({lab: name, removed: told(removed)})
      else tell(`snapshot ${called} of lab ${name} is gone\n`)
    })
}

interface Work {
  readonly called: string
  readonly options: Options
  readonly interrupt: Interrupt
  readonly progress: Awaited<ReturnType<typeof showProgress>>['progress']
}

/** @param work returns what is to be told at the end. */
async function working(
  doing: 'save' | 'restore',
  called: string,
  options: Options,
  work: (of: Work) => Promise<() => void>,
): Promise<void> {
  const {checkSnapshotName, lockLab} = await import('../../lab/index.ts')
  checkSnapshotName(called)
  using interrupt = onInterrupt({
    first: 'stopping ...',
    second: spoken(
      sentence`once more leaves at once; then hosts may be frozen or down: \`${onLab(options.name, 'up')}\` goes on`,
    ),
  })
  using _lock = lockLab(options.name, `snapshot ${doing} ${called}`)
  const shown = await showProgress(options.json)
  try {
    const end = await work({called, options, interrupt, progress: shown.progress})
    await shown.done()
    end()
  } catch (error) {
    await shown.done()
    if (interrupt.signal.aborted && error instanceof LabError && error.code === 'interrupted')
      process.exitCode = interrupt.code() ?? error.exitCode
    throw error
  }
}

async function mustBeSaved(name: string): Promise<void> {
  const {loadLab} = await import('../../lab/inside/kept.ts')
  if (loadLab(name) !== undefined) return
  const {noLab} = await import('../../lab/inside/reading.ts')
  throw noLab(name, onLab(name, 'up'))
}

/** What a person is told of one; no password is in it. */
function told({name, at, bytes, leader, topology}: Snapshot) {
  return {snapshot: name, at, bytes, leader, release: topology.release, profile: topology.profile}
}
