/**
 * Every mend, once: how it is done, and how what it mends is found whatever the journal says. What it is called stands in
 * `history/say-mend.ts`, because the judge says it too and must load no engine. Neither table compiles without one of its mends.
 * All are idempotent: mending what is whole changes nothing.
 */
import type {Condition} from '../engine/docker.ts'
import type {Lab} from '../engine/lab.ts'
import type {Mend} from '../history/event.ts'
import {clusterOf} from '../topology/clusters.ts'
import type {HostName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'
import {maintenance, resetTags, setConfigBack} from './cluster.ts'
import {liftCpuLimit, plugIn, startHost, unpauseHost} from './host.ts'
import {insideHost, undo} from './inside.ts'
import {isObserverDown, startObserver} from './observer.ts'

type Of<D extends Mend['do']> = Extract<Mend, {do: D}>

interface Entry<M extends Mend> {
  readonly how: (lab: Lab, mend: M) => Promise<void>
  readonly found: Found<M>
}

/** By one of: what the engine says of a host's container, a line of images/host/bin/whats-broken, or a look of its own, which may find nobody who tells. */
type Found<M extends Mend> =
  | {readonly condition: (seen: Condition) => boolean; readonly mend: (host: HostName, name: string) => M}
  | {readonly sign: string; readonly mend: (host: HostName, name: string) => M}
  | {readonly look: (lab: Lab) => Promise<M[] | string>}

/** In the order in which they are mended: nothing can be asked without the observer, and nothing mended in a host that is down. */
export const mends: {readonly [D in Mend['do']]: Entry<Of<D>>} = {
  'start-observer': {
    how: startObserver,
    found: {look: async lab => ((await isObserverDown(lab)) ? [{do: 'start-observer', host: null}] : [])},
  },
  'start-host': {
    how: (lab, {host}) => startHost(lab, host),
    found: {condition: ({running}) => !running, mend: host => ({do: 'start-host', host})},
  },
  'unpause-host': {
    how: (lab, {host}) => unpauseHost(lab, host),
    found: {condition: ({paused}) => paused, mend: host => ({do: 'unpause-host', host})},
  },
  'plug-in': {
    how: (lab, {host}) => plugIn(lab, host),
    found: {condition: ({plugged}) => !plugged, mend: host => ({do: 'plug-in', host})},
  },
  'lift-cpu-limit': {
    how: (lab, {host}) => liftCpuLimit(lab, host),
    found: {condition: ({cpuLimited}) => cpuLimited, mend: host => ({do: 'lift-cpu-limit', host})},
  },
  'start-service': {
    how: (lab, {host, service}) => insideHost(lab, host, undo.startService(service)),
    found: {sign: 'down', mend: (host, service) => ({do: 'start-service', host, service})},
  },
  'resume-processes': {
    how: (lab, {host}) => insideHost(lab, host, undo.resumeProcesses),
    found: {sign: 'stopped', mend: host => ({do: 'resume-processes', host})},
  },
  'open-network': {
    how: (lab, {host, cut}) => insideHost(lab, host, undo.openNetwork(cut)),
    found: {sign: 'cut', mend: (host, cut) => ({do: 'open-network', host, cut})},
  },
  'unslow-network': {
    how: (lab, {host}) => insideHost(lab, host, undo.unslowNetwork),
    found: {sign: 'slow', mend: host => ({do: 'unslow-network', host})},
  },
  'resume-replay': {
    how: (lab, {host}) => insideHost(lab, host, undo.resumeReplay),
    found: {sign: 'replay', mend: host => ({do: 'resume-replay', host})},
  },
  'free-disk': {
    how: (lab, {host}) => insideHost(lab, host, undo.freeDisk),
    found: {sign: 'filled', mend: host => ({do: 'free-disk', host})},
  },
  'repair-postgres': {
    how: (lab, {host}) => insideHost(lab, host, undo.repairPostgres),
    found: {sign: 'unstartable', mend: host => ({do: 'repair-postgres', host})},
  },
  'replace-etcd': {
    how: (lab, {host}) => insideHost(lab, host, undo.replaceEtcd),
    found: {sign: 'lost', mend: host => ({do: 'replace-etcd', host})},
  },
  'unslow-disk': {
    how: (lab, {host}) => insideHost(lab, host, undo.unslowDisk),
    found: {sign: 'fsync', mend: host => ({do: 'unslow-disk', host})},
  },
  'free-etcd': {
    how: (lab, {host}) => insideHost(lab, host, undo.freeEtcd),
    found: {sign: 'nospace', mend: host => ({do: 'free-etcd', host})},
  },
  'set-clock': {
    how: (lab, {host}) => insideHost(lab, host, undo.setClock),
    found: {sign: 'clock', mend: host => ({do: 'set-clock', host})},
  },
  'end-load': {
    how: (lab, {host}) => insideHost(lab, host, undo.endLoad),
    found: {sign: 'load', mend: host => ({do: 'end-load', host})},
  },
  'reset-tags': {
    how: (lab, {host}) => insideHost(lab, host, resetTags(host)),
    found: {sign: 'tags', mend: host => ({do: 'reset-tags', host})},
  },
  'remove-program': {
    how: (lab, {program}) => lab.docker.removeProgram(lab.name, program),
    found: {
      look: async lab =>
        (await lab.docker.programs(lab.name)).map(({program}) => ({do: 'remove-program', host: null, program})),
    },
  },
  'set-config': {
    how: (lab, {host, config}) => setConfigBack(lab.of(clusterOf(lab.topology, host ?? '')), config),
    found: {look: maintenance},
  },
}

/** @throws LabError with what the engine or the host said, and for a mend that another version has written into the journal. */
export async function mend(lab: Lab, undo: Mend): Promise<void> {
  const entry = mends[undo.do] as {readonly how: (lab: Lab, mend: Mend) => Promise<void>} | undefined
  if (entry === undefined) throw new LabError('engine', `this version knows no mend called ${undo.do}`)
  await entry.how(lab, undo)
}
