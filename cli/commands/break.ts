import type {Command} from 'commander'
import type {Lab, Preview, Recorder} from '../../lab/index.ts'
import {LabError, next, onLab, sentence} from '../../lab/inside/start.ts'
import {spoken, spokenNext} from '../called-as.ts'
import {onInterrupt} from '../interrupt.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'
import {print, tell} from '../output.ts'

interface Options {
  name: string
  dryRun?: boolean
  yes?: boolean
  json?: boolean
}

export function breaking(): Command {
  return command(
    'break',
    [
      'Break one thing in a lab, and leave it broken until it is healed.',
      '',
      "The words are those of a scenario's step: the fault, what, `on` whom, and its parameters as key=value. `help faults` has them all, and `heal` undoes it. " +
        'Nobody watches and nothing is judged: that is `chaos`. A host that restarts meanwhile is not given the fault again.',
      '',
      'Exit code: 0 it took hold, 3 it did not, and what it left is mended; 77 this kernel, engine or lab lacks what it needs.',
    ].join('\n'),
    [
      'break kill host on leader',
      'break partition on node1 from=servers limit=30s --dry-run',
      'break kill etcd on etcd-leader stays-down=true',
      'break lose-etcd-data on etcd-follower --yes',
    ].join('\n'),
  )
    .argument('<fault...>', 'kill host on leader')
    .addOption(nameOption())
    .option('--dry-run', 'say what would be hit, and touch nothing')
    .option('-y, --yes', 'do not ask, also where it takes something away for good')
    .addOption(jsonOption())
    .action(action)
}

async function action(words: readonly string[], {name, dryRun, yes, json}: Options): Promise<void> {
  const {engineOfLab, lockLab, openOurs, previewFault, Recorder} = await import('../../lab/index.ts')
  const {spokenFault} = await import('../../lab/inside/engine.ts')
  const {previewLines} = await import('../render/preview-text.ts')
  const {fault, ...asked} = spokenFault(words.flatMap(word => (words.length === 1 ? word.split(/\s+/) : word)))
  const options = {params: asked.params, ...(asked.on === undefined ? {} : {on: asked.on})}
  const lab = await openOurs(engineOfLab(name), name)
  using _lock = dryRun ? undefined : lockLab(name, `break ${words.join(' ')}`)
  const preview = await previewFault(lab, fault, options)
  if (dryRun && json) return printJson({lab: name, ...preview})
  const show = dryRun ? print : tell
  for (const line of previewLines(preview)) show(`${line}\n`)
  if (dryRun) return
  await mustBeMeant(preview, yes === true)
  using history = new Recorder()
  await breakOne(lab, history, {fault, options, json: json === true})
}

/** @throws LabError `usage` where nobody can be asked, `interrupted` for a no: nothing has been touched. */
async function mustBeMeant({destroys, says}: Preview, yes: boolean): Promise<void> {
  if (destroys === null || yes) return
  const {canAsk, confirmed} = await import('../asked.ts')
  if (!canAsk())
    throw new LabError('usage', `${says} takes away for good ${destroys}: it wants --yes where nobody can be asked`)
  if (!(await confirmed('break it?'))) throw new LabError('interrupted', 'nothing was touched')
}

interface Asked {
  readonly fault: string
  readonly options: {readonly on?: readonly string[]; readonly params: Readonly<Record<string, unknown>>}
  readonly json: boolean
}

async function breakOne(lab: Lab, history: Recorder, {fault, options, json}: Asked): Promise<void> {
  const {inForce, inject} = await import('../../lab/index.ts')
  const {of, sayMend} = await import('../../lab/inside/reading.ts')
  using interrupt = onInterrupt({
    first: 'stopping: the fault is being healed ...',
    second: spoken(
      sentence`once more leaves at once, with the fault in force; \`${onLab(lab.name, 'heal')}\` mends it`,
    ),
  })
  const broken = await inject(lab, history, fault, {...options, signal: interrupt.signal})
  const proofs = of(history, 'fault-proof').map(({says}) => says)
  if (!broken.held) {
    await broken.mend()
    throw new LabError('not-ready', `it did not take hold: ${proofs.join('; ') || 'nothing was seen of it'}`, {
      hint: onLab(lab.name, 'status'),
    })
  }
  broken.leave()
  const left = inForce(lab.name).filter(one => one.fault === broken.id)
  if (json)
    return printJson({
      ...{lab: lab.name, id: broken.id, hosts: broken.hosts, proofs},
      mends: left.map(({mend}) => ({mend, says: sayMend(mend)})),
    })
  for (const says of proofs) print(`took hold: ${says}\n`)
  if (left.length === 0) return print('nothing of it stays: there is nothing to heal\n')
  print(`in force; to do: ${left.map(({mend}) => sayMend(mend)).join(', ')}\n`)
  print(`${spokenNext(next`to heal it: ${onLab(lab.name, 'heal')}`)}\n`)
}
