/** A mend in words, for people: what it does. Doing it is in `healing/mend.ts`. */
import type {Mend} from './event.ts'

type Of<D extends Mend['do']> = Extract<Mend, {do: D}>

const words: {readonly [D in Mend['do']]: (mend: Of<D>) => string} = {
  'start-host': ({host}) => `start ${host} again`,
  'unpause-host': ({host}) => `unfreeze ${host}`,
  'plug-in': ({host}) => `plug ${host} in again`,
  'lift-cpu-limit': ({host}) => `lift ${host}'s CPU limit`,
  'start-service': ({host, service}) => `start ${service} on ${host} again`,
  'resume-processes': ({host}) => `let the stopped processes of ${host} go on`,
  'open-network': ({host, cut}) => `open the network of ${host} (${cut})`,
  'unslow-network': ({host}) => `make the network of ${host} fast again`,
  'resume-replay': ({host}) => `resume replay on ${host}`,
  'free-disk': ({host}) => `free the disk of ${host}`,
  'repair-postgres': ({host}) => `put back what PostgreSQL on ${host} needs to start`,
  'replace-etcd': ({host}) => `take etcd on ${host} out of its cluster, and add it anew`,
  'free-etcd': ({host}) => `give etcd on ${host} its space back, and disarm the alarm`,
  'unslow-disk': ({host}) => `make the disk of ${host} fast again`,
  'set-clock': ({host}) => `set the clock of ${host}'s Patroni right`,
  'end-load': ({host}) => `end the load on ${host}`,
  'reset-tags': ({host}) => `give ${host} its own tags again`,
  'start-observer': () => 'start the observer again',
  'remove-program': ({program}) => `remove the container of the program ${program}`,
  'set-config': ({host, config}) =>
    `set ${Object.keys(config).join(', ')} of ${host === null ? 'the cluster' : `the cluster of ${host}`}'s configuration back`,
}

/** A journal may hold a mend of another version: that is said, too. */
export function sayMend(undo: Mend): string {
  const say = words[undo.do] as ((mend: Mend) => string) | undefined
  return say === undefined ? `${undo.do}, which this version knows nothing of` : say(undo)
}
