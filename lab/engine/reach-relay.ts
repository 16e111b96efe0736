/** The way to the relay in a lab's observer: the engine's exec stream. */
import type {Socket} from 'node:net'
import {toRelay} from '../observer/observer-container.ts'
import type {Channel} from '../observer/tunnel.ts'
import {LabError} from '../words/errors.ts'
import {onLab} from '../words/next-step.ts'
import type {Containers, Exec} from './docker.ts'

/** @throws LabError `no-target` when the lab has no observer that runs, and what the engine says. */
export async function runningObserver(
  docker: Pick<Containers, 'observer'>,
  lab: string,
): Promise<{readonly id: string}> {
  const observer = await docker.observer(lab)
  if (observer?.state === 'running') return observer
  throw new LabError('no-target', `the observer of lab ${lab} is ${observer?.state ?? 'missing'}`, {
    hint: onLab(lab, 'up'),
  })
}

/** @throws LabError as `runningObserver`. */
export async function reachRelay(
  docker: Pick<Containers, 'observer'> & Pick<Exec, 'exec'>,
  lab: string,
): Promise<Channel> {
  const observer = await runningObserver(docker, lab)
  const running = await docker.exec(observer.id, toRelay)
  // What `docker.exec` gives is the connection to the engine.
  const stream = running.stdin as Socket
  return {
    listen(hear, ended) {
      stream.on('error', () => {}) // its end, which `done` tells
      running.stdout.on('data', hear)
      void running.done.then(code =>
        ended(running.stderr().trim() || `the way to the relay ended with exit code ${code ?? 'unknown'}`),
      )
    },
    send(bytes) {
      if (!stream.writable) return
      // What is said in one turn goes in one packet.
      if (stream.writableCorked === 0) {
        stream.cork()
        process.nextTick(() => stream.uncork())
      }
      stream.write(bytes)
    },
    hold: on => void (on ? stream.ref() : stream.unref()),
    close: () => void running[Symbol.asyncDispose](),
  }
}
