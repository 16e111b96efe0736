/** An existing lab by its name. */
import type {Docker} from '../engine/docker.ts'
import {Lab} from '../engine/lab.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import {mustBeOurs} from './ownership.ts'
import {loadLab} from './state.ts'

/** To be changed. @throws LabError `not-yours` when the engine has somebody else's lab under this name, `no-lab` */
export async function openOurs(docker: Docker, name: string): Promise<Lab> {
  await mustBeOurs(docker, name)
  return openLab(docker, name)
}

/** To be looked at. @throws LabError `no-lab` */
export function openLab(docker: Docker, name: string): Lab {
  const saved = loadLab(name)
  if (saved === undefined)
    throw new LabError('no-lab', `there is no lab called ${name}`, {
      hint: onLab(name, 'up'),
    })
  return new Lab(docker, saved.topology, saved.allocation)
}
