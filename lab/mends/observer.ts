/** The mend of the observer, which no fault strikes; somebody may have, and an engine that went down took it along. */
import type {Lab} from '../lab.ts'
import {composeUp} from '../stack.ts'
import {composeFile} from '../state.ts'
import {observerName} from '../topology.ts'

/** @throws LabError as `composeUp` does. */
export async function startObserver(lab: Lab): Promise<void> {
  const observer = await lab.docker.observer(lab.name)
  if (observer?.state === 'paused') await lab.docker.unpause(observer.id)
  else if (observer !== undefined) await lab.docker.start(observer.id)
  else {
    using answering = lab.docker.answering()
    await composeUp(composeFile(lab.name), answering.signal, lab.docker.limits.raiseMs, [observerName])
  }
}
