/** What of a haproxy.cfg of somebody's own no proxy of a lab can run: listeners, servers and places that the lab does not have. */
import {bindsOf, proxiesOf} from '../haproxy/proxies.ts'
import type {HaproxyFile, HaproxyLine} from '../haproxy/read.ts'
import {isLoopback, isWildcard} from '../words/place.ts'
import {labPorts, type Wrong} from './own-entries.ts'
import {hostsWith, portsOn, type Topology} from './topology.ts'

export function cannotRun(file: HaproxyFile, topology: Topology): Wrong[] {
  return [...globalMistakes(file), ...bindMistakes(file, topology), ...serverMistakes(file, topology)]
}

/** In the image, and writable by who starts HAProxy. */
const folders = /^\/(run|var\/run|tmp)(\/haproxy)?\/[\w.-]+$/
/** That of the lab, through which it asks and shuts sessions. */
const adminSocket = '/run/haproxy/admin.sock'

function globalMistakes({sections}: HaproxyFile): Wrong[] {
  const lines = sections.filter(({type}) => type === 'global').flatMap(({lines: of}) => of)
  return lines.flatMap(({words, place}): Wrong[] => {
    const [first, second, third] = words
    if (first?.text === 'chroot' && second?.text !== '/var/lib/haproxy')
      return [{place: second?.place ?? place, says: 'the hosts of a lab have no such folder, but /var/lib/haproxy'}]
    if (first?.text !== 'stats' || second?.text !== 'socket') return []
    const path = third?.text ?? ''
    const isAddress = /^(ipv[46]@)?[^/]*:\d+$/.test(path)
    if (!isAddress && !folders.test(path))
      return [{place: third?.place ?? place, says: `this socket has no folder on a host of a lab: take ${adminSocket}`}]
    const isOurs = path.replace(/^\/var\/run\//, '/run/') === adminSocket
    const level = words.findIndex(({text}) => text === 'level')
    return isOurs && words[level + 1]?.text !== 'admin'
      ? [{place: third?.place ?? place, says: 'the lab uses this socket, too: say `level admin`, or take another path'}]
      : []
  })
}

function bindMistakes({sections}: HaproxyFile, topology: Topology): Wrong[] {
  const others = hostsWith(topology, 'haproxy').flatMap(host =>
    portsOn(topology, host).flatMap(({name, number}) => (labPorts.includes(name) ? [] : [{host, name, number}])),
  )
  return sections.flatMap(section =>
    bindsOf(section).flatMap(({host, port, text, place}): Wrong[] => {
      if (port === undefined || !(isWildcard(host) || isLoopback(host)))
        return [{place, says: `${text} is no address of each proxy: write it as *:PORT`}]
      if (port < 1024 || port > 65_535) return [{place, says: 'the services of a lab have ports from 1024 to 65535'}]
      const other = others.find(({number}) => number === port)
      if (other === undefined) return []
      return [{place, says: `${other.name} listens on port ${port} of ${other.host} already`}]
    }),
  )
}

function serverMistakes(file: HaproxyFile, topology: Topology): Wrong[] {
  const names = topology.hosts.map(({name}) => name)
  const isTemplate = ({words: [first]}: HaproxyLine) => first?.text === 'server-template'
  const templates = file.sections
    .flatMap(({lines}) => lines.filter(isTemplate))
    .map(({place}) => ({place, says: 'a server-template names no host: write a `server` for each'}))
  const strangers = proxiesOf(file).flatMap(({servers}) =>
    servers.flatMap(({address}): Wrong[] => {
      if (!names.includes(address.host))
        return [{place: address.place, says: `${address.text} is no host of this lab (${names.join(', ')})`}]
      return address.port === undefined ? [{place: address.place, says: `${address.text} names no port`}] : []
    }),
  )
  return templates.length > 0 ? templates : strangers
}
