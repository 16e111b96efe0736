/** An existing lab by its name. */
import type {Docker} from './docker.ts'
import {LabError} from './errors.ts'
import {Lab} from './lab.ts'
import {loadLab} from './state.ts'

/** @throws LabError `no-lab` */
export function openLab(docker: Docker, name: string): Lab {
  const saved = loadLab(name)
  if (saved === undefined)
    throw new LabError('no-lab', `there is no lab called ${name}`, {
      hint: name === 'lab' ? 'pgha-lab up' : `pgha-lab up --name ${name}`,
    })
  return new Lab(docker, saved.topology, saved.allocation)
}
