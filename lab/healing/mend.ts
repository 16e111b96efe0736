/** Does what a Mend says; its words are in `history/say-mend.ts`. Idempotent: mending what is whole changes nothing. */

import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import {resetTags, setConfigBack} from './cluster.ts'
import {liftCpuLimit, plugIn, startHost, unpauseHost} from './host.ts'
import {insideHost, undo} from './inside.ts'
import {startObserver} from './observer.ts'

type Of<D extends Mend['do']> = Extract<Mend, {do: D}>

const performed: {readonly [D in Mend['do']]: (lab: Lab, mend: Of<D>) => Promise<void>} = {
  'start-host': (lab, {host}) => startHost(lab, host),
  'unpause-host': (lab, {host}) => unpauseHost(lab, host),
  'plug-in': (lab, {host}) => plugIn(lab, host),
  'lift-cpu-limit': (lab, {host}) => liftCpuLimit(lab, host),
  'start-service': (lab, {host, service}) => insideHost(lab, host, undo.startService(service)),
  'resume-processes': (lab, {host}) => insideHost(lab, host, undo.resumeProcesses),
  'open-network': (lab, {host, cut}) => insideHost(lab, host, undo.openNetwork(cut)),
  'unslow-network': (lab, {host}) => insideHost(lab, host, undo.unslowNetwork),
  'resume-replay': (lab, {host}) => insideHost(lab, host, undo.resumeReplay),
  'free-disk': (lab, {host}) => insideHost(lab, host, undo.freeDisk),
  'set-clock': (lab, {host}) => insideHost(lab, host, undo.setClock),
  'end-load': (lab, {host}) => insideHost(lab, host, undo.endLoad),
  'reset-tags': (lab, {host}) => insideHost(lab, host, resetTags(host)),
  'start-observer': startObserver,
  'remove-program': (lab, {program}) => lab.docker.removeProgram(lab.name, program),
  'set-config': (lab, {config}) => setConfigBack(lab, config),
}

export async function mend(lab: Lab, undo: Mend): Promise<void> {
  await (performed[undo.do] as (lab: Lab, mend: Mend) => Promise<void>)(lab, undo)
}
