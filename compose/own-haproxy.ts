/** What a proxy with a haproxy.cfg of somebody's own finds on its host: for whoever asks HAProxy whether it takes that. */
import {hasAuthority} from '../lab/topology/security.ts'
import {type Allocation, hostsWith, type Topology} from '../lab/topology/topology.ts'
import {besideOwn} from './haproxy.ts'
import {keysOf} from './keys.ts'

/** undefined: the lab has a haproxy.cfg of its own. In `names` a line a host, as in /etc/hosts. */
export function ownProxy(topology: Topology, allocation: Allocation) {
  const own = topology.haproxyFile?.own
  const [proxy] = hostsWith(topology, 'haproxy')
  if (own === undefined || proxy === undefined) return undefined
  const {ca, own: certificate} = keysOf('haproxy')
  const {authority, addresses} = allocation
  const keys =
    hasAuthority(topology) && authority !== undefined
      ? [
          {target: ca, text: authority.ca},
          {target: certificate, text: authority.hosts[proxy] ?? ''},
        ]
      : []
  return {
    configurations: [
      {target: 'pgha-lab.cfg', text: besideOwn(topology, allocation, proxy)},
      {target: own.file, text: own.text},
    ],
    others: keys,
    names: topology.hosts.map(({name}) => `${addresses[name]} ${name}\n`).join(''),
    shown: own.file,
  }
}
