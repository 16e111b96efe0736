/** A lab's own engine, by the lab's name alone. */
import {Docker} from '../engine/docker.ts'
import {LabError} from '../words/errors.ts'
import {next, shell} from '../words/next-step.ts'
import {loadLab} from './state.ts'

/**
 * The engine that a lab was raised on, whatever is in use now; of one that is not here, or cannot be read, the engine in use.
 * @throws LabError `docker-missing` when its context is not there any more, `remote-engine`
 */
export function engineOfLab(name: string): Docker {
  const engine = savedEngine(name)
  if (engine === undefined) return new Docker()
  try {
    return new Docker(engine)
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'docker-missing') throw error
    throw new LabError(error.code, `lab ${name} is on the engine ${engine}: ${error.message}`, {
      cause: error,
      hint: next`to see which engines Docker knows: ${shell('docker context ls')}`,
    })
  }
}

function savedEngine(name: string): string | undefined {
  try {
    return loadLab(name)?.engine
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return undefined // whoever needs what it says is told
  }
}
