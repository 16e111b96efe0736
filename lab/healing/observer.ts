/** The mend of the observer, which no fault strikes; somebody may have, and an engine that went down took it along. */
import type {Lab} from '../engine/lab.ts'
import {readBack} from '../state/read-back.ts'
import {observerName} from '../topology/topology.ts'

export async function isObserverDown(lab: Lab): Promise<boolean> {
  return (await lab.docker.observer(lab.name))?.state !== 'running'
}

/** @throws LabError as `readBack` and Compose do. */
export async function startObserver(lab: Lab): Promise<void> {
  const observer = await lab.docker.observer(lab.name)
  if (observer?.state === 'paused') await lab.docker.unpause(observer.id)
  else if (observer !== undefined) await lab.docker.start(observer.id)
  else {
    using answering = lab.docker.answering()
    const {signal} = answering
    await lab.docker.compose.up(
      await readBack(lab, signal, lab.docker.compose.reads),
      signal,
      lab.docker.limits.raiseMs,
      [observerName],
    )
  }
}
