/** From whatever this machine has to an engine with the lab's images: what `up` and `doctor --fix` do first. */
import type {Answering, Images} from '../engine/docker.ts'
import type {Progress} from '../words/progress.ts'
import {ensureEngine} from './engine.ts'
import {ensureImages, type ImageOptions, type ImageTags} from './images.ts'
import {clearLeftovers} from './leftovers.ts'

/** Tells nothing when all is there. Errors: those of `ensureEngine` and `ensureImages`. */
export async function ensureReady(
  docker: Answering & Images,
  progress: Progress,
  options: ImageOptions = {},
): Promise<ImageTags> {
  const removed = clearLeftovers()
  if (removed.length > 0)
    progress({step: 'remove what an interrupted set-up left', state: 'done', says: removed.join(', ')})
  await ensureEngine(progress, {docker, ...(options.signal ? {signal: options.signal} : {})})
  using answering = docker.answering(options.signal)
  return await ensureImages(docker, progress, {...options, signal: answering.signal})
}
