/** For every mend: the state that the matching fault leaves the fake lab in, and the mend as it is then due. */
import type {Mend} from '../../../lab/history/event.ts'
import type {HostName} from '../../../lab/topology/topology.ts'
import type {FakeEngine} from './engine.ts'
import type {Mark} from './host.ts'
import type {FakeWorld} from './world.ts'

type Of<D extends Mend['do']> = Extract<Mend, {do: D}>

interface Breakable {
  readonly engine: FakeEngine
  readonly world: FakeWorld
}

const marked =
  <D extends Mend['do']>(mark: Mark, mend: (host: HostName) => Of<D>) =>
  ({world}: Breakable, host: HostName): Of<D> => {
    world.host(host).marks.add(mark)
    return mend(host)
  }

export const breaks: {readonly [D in Mend['do']]: (faked: Breakable, host: HostName) => Of<D> | Promise<Of<D>>} = {
  'start-observer'({engine}) {
    engine.endObserver()
    return {do: 'start-observer', host: null}
  },
  async 'start-host'({engine, world}, host) {
    await engine.kill(world.host(host).id)
    return {do: 'start-host', host}
  },
  async 'unpause-host'({engine, world}, host) {
    await engine.pause(world.host(host).id)
    return {do: 'unpause-host', host}
  },
  async 'plug-in'({engine, world}, host) {
    await engine.disconnect(world.host(host).id)
    return {do: 'plug-in', host}
  },
  async 'lift-cpu-limit'({engine, world}, host) {
    await engine.limitCpus(world.host(host).id, 0.5)
    return {do: 'lift-cpu-limit', host}
  },
  'start-service'({world}, host) {
    world.host(host).down.add('etcd')
    return {do: 'start-service', host, service: 'etcd'}
  },
  'resume-processes': marked('stopped', host => ({do: 'resume-processes', host})),
  'open-network'({world}, host) {
    world.host(host).cuts.add('cut-1')
    return {do: 'open-network', host, cut: 'cut-1'}
  },
  'unslow-network': marked('slow', host => ({do: 'unslow-network', host})),
  'resume-replay': marked('replay', host => ({do: 'resume-replay', host})),
  'free-disk': marked('filled', host => ({do: 'free-disk', host})),
  'repair-postgres': marked('unstartable', host => ({do: 'repair-postgres', host})),
  'free-etcd': marked('nospace', host => ({do: 'free-etcd', host})),
  'replace-etcd': marked('lost', host => ({do: 'replace-etcd', host})),
  'unslow-disk': marked('fsync', host => ({do: 'unslow-disk', host})),
  'set-clock': marked('clock', host => ({do: 'set-clock', host})),
  'end-load': marked('load', host => ({do: 'end-load', host})),
  'reset-tags': marked('tags', host => ({do: 'reset-tags', host})),
  async 'remove-program'({engine, world}) {
    await engine.startProgram(world.lab, {name: 'mine'})
    return {do: 'remove-program', host: null, program: 'mine'}
  },
  'set-config'({world}) {
    world.cluster.patch({pause: true})
    return {do: 'set-config', host: null, config: {pause: null}}
  },
}
