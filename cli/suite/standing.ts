/** Where a list of scenarios is asked about: a lab that is there, or the one that `up` would raise; and the engine of a lab that is named. */

import type {SavedLab} from '../../lab/inside/kept.ts'
import {loadLab} from '../../lab/inside/kept.ts'
import {learnedSeconds, noLab, readTopology} from '../../lab/inside/scenarios.ts'
import type {OwnCommand} from '../../lab/inside/start.ts'
import {askedWords, LabError, onLab} from '../../lab/inside/start.ts'
import {asksForTopology, type TopologyOptions} from '../options.ts'
import type {Standing} from './here.ts'
import {notAsked} from './known-list.ts'

/** Nobody waits long for a list. */
const askLimitMs = 1000

/**
 * @param named somebody asked for this lab by its name: then it has to be there. Settings ask for a lab that has them instead.
 * @throws LabError `no-lab`; `usage` or `config` for the settings.
 */
export async function placeOf(
  options: TopologyOptions & {readonly name: string},
  named: boolean,
): Promise<Standing & {readonly lab: string | undefined; readonly up: OwnCommand}> {
  const asked = asksForTopology(options)
  const up = onLab(options.name, 'up', ...askedWords(options))
  const saved = asked ? undefined : loadLab(options.name)
  if (saved === undefined && named && !asked) throw noLab(options.name, up)
  const wanted = saved === undefined ? readTopology(options) : undefined
  const topology = saved?.topology ?? wanted!.topology
  return {
    topology,
    topologyFile: saved?.topologyFile ?? wanted?.file,
    lab: saved?.allocation.lab,
    up,
    tried: named && saved !== undefined ? await whatCanBreak(saved) : notAsked,
    learned: learnedSeconds(topology.profile),
  }
}

/** Nothing is installed, built or started for a list; trying takes seconds, so only who names a lab waits for it. */
async function whatCanBreak({allocation}: SavedLab): Promise<Standing['tried']> {
  const {capabilities, engineAnswer, engineOfLab} = await import('../../lab/inside/engine.ts')
  try {
    const docker = engineOfLab(allocation.lab)
    const answer = await engineAnswer(docker, askLimitMs)
    if (!answer.answers) throw answer.error
    return await capabilities(docker, allocation.images.host)
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return error.message
  }
}
