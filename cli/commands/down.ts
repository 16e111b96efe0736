import type {Command} from 'commander'
import {command, jsonOption, nameOption, printJson} from '../options.ts'

export function down(): Command {
  return command(
    'down',
    "Remove a lab: its containers, network and volumes (everything with the lab's label, nothing else). Recorded runs stay.",
    'pgha-lab down\npgha-lab down --name second',
  )
    .addOption(nameOption())
    .addOption(jsonOption())
    .action(async ({name, json}: {name: string; json?: boolean}) => {
      const {Docker, forgetLab, inForce, loadLab, lockLab} = await import('../../lab/index.ts')
      using _lock = lockLab(name, 'down')
      const docker = new Docker()
      await docker.version()
      const known = loadLabOrBroken(() => loadLab(name))
      const faults = inForce(name)
      if (faults.length > 0)
        process.stderr.write(`${faults.length} fault(s) were still in force; they go with the lab\n`)
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

/** What cannot be read can still be removed. */
function loadLabOrBroken(load: () => unknown): boolean {
  try {
    return load() !== undefined
  } catch {
    return true
  }
}
