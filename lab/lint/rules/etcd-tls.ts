/** TLS on the ways to etcd: a side that speaks it and one that does not never get through to each other. */
import {isLoopback, isWildcard, type Word} from '../../words/place.ts'
import {type EtcdFile, type EtcdUrl, membersOf, urlsOf} from '../read/etcd.ts'
import type {PatroniFile} from '../read/patroni.ts'
import type {Files} from '../read/read.ts'
import {wordAt} from '../read/yaml-path.ts'
import type {Found, Rule} from '../rule.ts'

export const etcdTls: readonly Rule[] = [
  {
    id: 'cluster/etcd-tls-mismatch',
    severity: 'error',
    about:
      'Patroni and etcd do not both speak TLS: this member never gets through to etcd, and PostgreSQL is no primary',
    source: 'Patroni, docs/yaml_configuration.rst: etcd.protocol; etcd, server/embed/etcd.go: configureClientListeners',
    fix: "protocol: https in Patroni's section of etcd when listen-client-urls says https, and only then",
    find: files =>
      files.patroni.flatMap(patroni => {
        const {place, inTls} = wayOf(patroni)
        const wrong = endpointsOf(patroni, files).find(({urls}) => urls.every(url => url.inTls !== inTls))
        if (place === undefined || wrong === undefined) return []
        const [url] = wrong.urls
        const theirs = `${url?.place.file} has it listen ${inTls ? 'in the clear' : 'in TLS'} (${url?.text})`
        return [{place, says: `Patroni speaks ${inTls ? 'TLS' : 'no TLS'} to etcd, and ${theirs}`}]
      }),
  },
  {
    id: 'cluster/etcd-client-certificate',
    severity: 'error',
    about: 'etcd asks every client for a certificate, and Patroni shows none: it never gets through',
    source: 'etcd, client/pkg/transport/listener.go: ServerConfig; Patroni, docs/yaml_configuration.rst: etcd.cert',
    fix: "cert and key in Patroni's section of etcd, of the CA in trusted-ca-file",
    find: files =>
      files.patroni.flatMap(patroni => {
        const {place, inTls} = wayOf(patroni)
        const section = patroni.etcd?.section ?? ''
        const asked = endpointsOf(patroni, files)
          .filter(({urls}) => urls.every(url => url.inTls))
          .flatMap(({file}) => asksForCertificate(file))[0]
        return place === undefined ||
          !inTls ||
          asked === undefined ||
          wordAt(patroni.root, section, 'cert') !== undefined
          ? []
          : [{place, says: `${asked.place.file} asks every client for a certificate, and Patroni shows none`}]
      }),
  },
  {
    id: 'etcd/advertises-other-tls',
    severity: 'error',
    about: 'the URL that others are told has TLS and the one that is listened on has not, or the other way round',
    source: 'etcd, server/embed/etcd.go: a listener has the scheme of its own URL',
    fix: 'https in both, or http in both',
    find: ({etcd}) =>
      etcd.flatMap(file => [
        ...otherTls(file, 'advertise-client-urls', 'listen-client-urls'),
        ...otherTls(file, 'initial-advertise-peer-urls', 'listen-peer-urls'),
      ]),
  },
]

/** How this member comes to etcd; without a place where that is not in its file. */
function wayOf({root, etcd}: PatroniFile) {
  if (etcd === undefined || etcd.isDiscovered) return {place: undefined, inTls: false}
  const protocol = wordAt(root, etcd.section, 'protocol')
  return {place: protocol?.place ?? etcd.place, inTls: protocol?.text.toLowerCase() === 'https'}
}

interface Reached {
  readonly file: EtcdFile
  /** At least one. */
  readonly urls: readonly EtcdUrl[]
}

/** What listens where this member looks for etcd, as far as the files tell. */
function endpointsOf({etcd: asked}: PatroniFile, {etcd}: Files): readonly Reached[] {
  return (asked?.endpoints ?? []).flatMap(({host, port = usualPort, text}) => {
    if (text.includes('://')) return []
    const own = etcd.filter(file => hostsOf(file).has(host.toLowerCase()))
    // One who is named and not known by that name may be any of them; each listens on its own loopback address.
    return (own.length > 0 ? own : etcd).flatMap(file => {
      const urls = urlsOf(file, 'listen-client-urls').filter(
        url => url.port === port && (isWildcard(url.host) || isLoopback(url.host) === isLoopback(host)),
      )
      return urls.length === 0 ? [] : [{file, urls}]
    })
  })
}

const usualPort = 2379

/** The addresses that are this member's alone. */
function hostsOf(file: EtcdFile): ReadonlySet<string> {
  const told = ['listen-client-urls', 'advertise-client-urls', 'initial-advertise-peer-urls'].flatMap(key =>
    urlsOf(file, key).map(({host}) => host),
  )
  const own = membersOf(file).filter(({name}) => name === file.settings.get('name')?.text)
  const hosts = [...told, ...own.map(({host}) => host)]
  return new Set(hosts.filter(host => !isLoopback(host) && !isWildcard(host)).map(host => host.toLowerCase()))
}

/** A CA alone makes it ask, too. */
function asksForCertificate({settings}: EtcdFile): Word[] {
  const [asks, ca] = [settings.get('client-cert-auth'), settings.get('trusted-ca-file')]
  if (asks !== undefined && /^(true|1|t)$/i.test(asks.text)) return [asks]
  return ca !== undefined && ca.text !== '' ? [ca] : []
}

function otherTls(file: EtcdFile, told: string, listened: string): Found[] {
  const listening = urlsOf(file, listened).filter(({host}) => !isLoopback(host))
  return urlsOf(file, told).flatMap(url => {
    const same = listening.filter(({port}) => port === url.port)
    return same.length === 0 || isLoopback(url.host) || same.some(({inTls}) => inTls === url.inTls)
      ? []
      : [{place: url.place, says: `${told} tells ${url.text}, and ${listened} says ${same[0]?.text}`}]
  })
}
