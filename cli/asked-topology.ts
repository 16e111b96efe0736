/** The topology that a person asked for; all that is wrong with it is told at once, PostgreSQL's refusals among it. */
import type {TopologyOptions} from './options.ts'
import {showProgress} from './progress.ts'

/** @throws LabError `config`, `usage`. The engine is asked only where there are mistakes already, and need not be there. */
export async function askedTopology(options: TopologyOptions) {
  const {examineTopology, refusedOrUnasked} = await import('../lab/inside/reading.ts')
  const {topology, parameters, release, ...asked} = examineTopology(options)
  if (topology !== undefined) return {topology, ...asked}
  const {Docker, imageTags} = await import('../lab/inside/engine.ts')
  const {refused} = await refusedOrUnasked(new Docker(), imageTags(release).host, parameters)
  asked.mustTake(refused)
  throw new TypeError('what is not read has a mistake')
}

/**
 * Gets the published versions of Patroni among what is asked for, which are files from then on.
 * @throws LabError `setup-failed` where one cannot be had.
 */
export async function getPublished(
  asked: readonly (string | undefined)[],
  quietly: boolean,
  signal: AbortSignal,
): Promise<void> {
  const {isPublished, publishedPatroni} = await import('../lab/inside/engine.ts')
  const versions = asked.filter(one => one !== undefined).filter(isPublished)
  if (versions.length === 0) return
  const shown = await showProgress(quietly)
  try {
    for (const version of versions) await publishedPatroni(version, shown.progress, signal)
  } finally {
    await shown.done()
  }
}
