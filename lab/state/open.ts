/** An existing lab by its name. */
import type {Docker} from '../engine/docker.ts'
import {Lab} from '../engine/lab.ts'
import {LabError} from '../words/errors.ts'
import {type Hint, onLab} from '../words/next-step.ts'
import {savedLabs} from './folders.ts'
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
  if (saved === undefined) throw noLab(name, onLab(name, 'up'))
  return new Lab(docker, saved.topology, saved.allocation)
}

/** Who asks for a lab that is not there may mean another: those that are there are named. @param up what raises it. */
export function noLab(name: string, up: Hint): LabError {
  const known = savedLabs().toSorted()
  const there =
    known.length === 0 ? '' : `; there ${known.length === 1 ? 'is' : 'are'} ${known.join(' and ')}, which --name names`
  return new LabError('no-lab', `there is no lab called ${name}${there}`, {hint: up})
}
