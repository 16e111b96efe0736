import type {Command} from 'commander'
import type {Docker, Mend} from '../../lab/index.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'

export function down(): Command {
  return command(
    'down',
    "Remove a lab: its containers, network and volumes.\nEverything with the lab's label goes, and nothing else. Recorded runs stay.",
    'pgha-lab down\npgha-lab down --name second',
  )
    .addOption(nameOption())
    .addOption(jsonOption())
    .action(async ({name, json}: {name: string; json?: boolean}) => {
      const {Docker, forgetLab, lockLab} = await import('../../lab/index.ts')
      using _lock = lockLab(name, 'down')
      const docker = new Docker()
      await docker.version()
      const {known, faults} = await whatIsThere(docker, name)
      for (const says of faults)
        process.stderr.write(`a fault was still in force and goes with the lab; to do was: ${says}\n`)
      const removed = await docker.removeLab(name)
      forgetLab(name)
      const nothing = !known && removed.containers + removed.networks + removed.volumes === 0
      if (json) printJson({lab: name, removed})
      else
        process.stderr.write(
          nothing
            ? `there is no lab called ${name}; nothing to remove\n`
            : `lab ${name} is gone: ${removed.containers} containers, ${removed.networks} network, ${removed.volumes} volumes\n`,
        )
    })
}

/** What is missing from a lab without a fault: what was stopped, or was left by a run. */
const noFault: ReadonlySet<Mend['do']> = new Set(['start-host', 'start-observer', 'remove-program'])

/** What cannot be read, or does not answer, can still be removed. */
async function whatIsThere(docker: Docker, name: string): Promise<{known: boolean; faults: readonly string[]}> {
  const {broken, describe, inForce, Lab, loadLab} = await import('../../lab/index.ts')
  let lab: InstanceType<typeof Lab>
  try {
    const saved = loadLab(name)
    if (saved === undefined) return {known: false, faults: []}
    lab = new Lab(docker, saved.topology, saved.allocation)
  } catch {
    return {known: true, faults: []} // written by another version
  }
  const signs = await broken(lab).catch(() => []) // a host that cannot tell is removed all the same
  const faults = signs.filter(one => !noFault.has(one.do))
  const mends = [...inForce(name).map(entry => entry.mend), ...faults]
  return {known: true, faults: [...new Set(mends.map(describe))]}
}
