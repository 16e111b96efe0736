/** Does what a Mend says. Idempotent: mending what is whole changes nothing. */
import type {Mend} from './event.ts'
import type {Lab} from './lab.ts'
import {resetTags, setConfigBack} from './mends/cluster.ts'
import {liftCpuLimit, plugIn, startHost, unpauseHost} from './mends/host.ts'
import {insideHost, undo} from './mends/inside.ts'
import {startObserver} from './mends/observer.ts'

type Of<D extends Mend['do']> = Extract<Mend, {do: D}>

interface Kind<M extends Mend> {
  /** In words, for people: what the mend does. */
  says(mend: M): string
  perform(lab: Lab, mend: M): Promise<void>
}

const kinds: {readonly [D in Mend['do']]: Kind<Of<D>>} = {
  'start-host': {says: ({host}) => `start ${host} again`, perform: (lab, {host}) => startHost(lab, host)},
  'unpause-host': {says: ({host}) => `unfreeze ${host}`, perform: (lab, {host}) => unpauseHost(lab, host)},
  'plug-in': {says: ({host}) => `plug ${host} in again`, perform: (lab, {host}) => plugIn(lab, host)},
  'lift-cpu-limit': {says: ({host}) => `lift ${host}'s CPU limit`, perform: (lab, {host}) => liftCpuLimit(lab, host)},
  'start-service': {
    says: ({host, service}) => `start ${service} on ${host} again`,
    perform: (lab, {host, service}) => insideHost(lab, host, undo.startService(service)),
  },
  'resume-processes': {
    says: ({host}) => `let the stopped processes of ${host} go on`,
    perform: (lab, {host}) => insideHost(lab, host, undo.resumeProcesses),
  },
  'open-network': {
    says: ({host, cut}) => `open the network of ${host} (${cut})`,
    perform: (lab, {host, cut}) => insideHost(lab, host, undo.openNetwork(cut)),
  },
  'unslow-network': {
    says: ({host}) => `make the network of ${host} fast again`,
    perform: (lab, {host}) => insideHost(lab, host, undo.unslowNetwork),
  },
  'resume-replay': {
    says: ({host}) => `resume replay on ${host}`,
    perform: (lab, {host}) => insideHost(lab, host, undo.resumeReplay),
  },
  'free-disk': {
    says: ({host}) => `free the disk of ${host}`,
    perform: (lab, {host}) => insideHost(lab, host, undo.freeDisk),
  },
  'set-clock': {
    says: ({host}) => `set the clock of ${host}'s Patroni right`,
    perform: (lab, {host}) => insideHost(lab, host, undo.setClock),
  },
  'end-load': {
    says: ({host}) => `end the load on ${host}`,
    perform: (lab, {host}) => insideHost(lab, host, undo.endLoad),
  },
  'reset-tags': {
    says: ({host}) => `give ${host} its own tags again`,
    perform: (lab, {host}) => insideHost(lab, host, resetTags(host)),
  },
  'start-observer': {says: () => 'start the observer again', perform: startObserver},
  'remove-program': {
    says: ({program}) => `remove the container of the program ${program}`,
    perform: (lab, {program}) => lab.docker.removeProgram(lab.name, program),
  },
  'set-config': {
    says: ({config}) => `set ${Object.keys(config).join(', ')} of the cluster's configuration back`,
    perform: (lab, {config}) => setConfigBack(lab, config),
  },
}

export async function mend(lab: Lab, undo: Mend): Promise<void> {
  await (kinds[undo.do] as Kind<Mend>).perform(lab, undo)
}

export function describe(undo: Mend): string {
  return (kinds[undo.do] as Kind<Mend>).says(undo)
}
