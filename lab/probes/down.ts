/** Which hosts the engine has said to be down. Nothing answers there before it says that it has started them: nobody need knock in vain. */
import type {HostName} from '../topology/topology.ts'
import type {ProbeSite} from './probe.ts'

/** By what ends all the probes of a run, which they have in common. */
const down = new WeakMap<AbortSignal, Set<HostName>>()

const begins = new Set(['start', 'restart'])

/** What the engine has told of a host's container. */
export function heardOf({signal}: Pick<ProbeSite, 'signal'>, host: HostName, action: string): void {
  const hosts = down.get(signal) ?? new Set()
  down.set(signal, hosts)
  if (action === 'die') hosts.add(host)
  else if (begins.has(action)) hosts.delete(host)
}

/** Whoever answers is not down: the engine's word that it has been started did not come. */
export function answered({signal}: Pick<ProbeSite, 'signal'>, host: HostName): void {
  down.get(signal)?.delete(host)
}

/** Nobody hears the engine any more: a host that is down may be started unheard. */
export function heardNothing({signal}: Pick<ProbeSite, 'signal'>): void {
  down.delete(signal)
}

/** Whether the engine has said that it is, and nothing since; without the engine's word a host is not taken for down. */
export function isDown({signal}: Pick<ProbeSite, 'signal'>, host: HostName): boolean {
  return down.get(signal)?.has(host) ?? false
}
