/** From whatever this machine has to an engine with the lab's images: what `up` and `doctor --fix` do first. */
import type {PatroniBuild} from '../topology/patroni-build.ts'
import type {Progress} from '../words/progress.ts'
import {ensureEngine} from './engine.ts'
import {ensureImages, type ImageOptions, type ImageTags} from './images.ts'
import {clearLeftovers} from './leftovers.ts'
import {imageWithPatroni} from './patroni-image.ts'
import type {SetupEngine} from './start-engine.ts'

export type {ImageTags, SetupEngine}

/** Tells nothing when all is there. Errors: those of `ensureEngine`, `ensureImages` and `imageWithPatroni`. */
export async function ensureReady(
  docker: SetupEngine,
  progress: Progress,
  options: ImageOptions & {readonly patroniBuild?: PatroniBuild | undefined} = {},
): Promise<ImageTags> {
  const removed = clearLeftovers()
  if (removed.length > 0)
    progress({step: 'remove what an interrupted set-up left', state: 'done', says: removed.join(', ')})
  await ensureEngine(progress, {docker, ...(options.signal ? {signal: options.signal} : {})})
  using answering = docker.answering(options.signal)
  const {signal} = answering
  const images = await ensureImages(docker, progress, {...options, signal})
  if (options.patroniBuild === undefined) return images
  return {...images, ...(await imageWithPatroni(docker, images.host, options.patroniBuild, progress, signal))}
}
