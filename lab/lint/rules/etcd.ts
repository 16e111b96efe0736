/** etcd: who is a member, whether a majority is left, and what keeps it from starting. */
import {nearest} from '../../words/did-you-mean.ts'
import {isAddress, isLoopback, isWildcard} from '../../words/place.ts'
import {etcdKeys} from '../known-keys.ts'
import {type EtcdFile, type EtcdMember, membersOf, nameOf, urlHost, urlsOf} from '../read/etcd.ts'
import type {Files} from '../read/read.ts'
import type {Found, Rule} from '../rule.ts'

export const etcdRules: readonly Rule[] = [
  {
    id: 'etcd/unknown-key',
    severity: 'warning',
    about: 'a setting that etcd does not know, and nearly one that it knows: it has no effect',
    source: 'etcd, server/etcdmain/help.go (3.5): a flag, or ETCD_ and its name in capitals',
    fix: 'spell it as etcd does',
    find: ({etcd}) =>
      etcd.flatMap(({settings}) =>
        [...settings].flatMap(([key, {place}]) => {
          const meant = etcdKeys.includes(key) || families.test(key) ? undefined : nearest(key, etcdKeys)
          return meant === undefined || Math.abs(meant.length - key.length) > 2
            ? []
            : [{place, says: `etcd knows no \`${key}\`, did you mean \`${meant}\`?`}]
        }),
      ),
  },
  {
    id: 'etcd/unsafe',
    severity: 'error',
    about: 'a member that does not sync its log, or begins a cluster of its own at each start, may forget who leads',
    source: 'etcd, server/etcdmain/help.go: --unsafe-no-fsync, --force-new-cluster',
    fix: 'take it out',
    find: ({etcd}) =>
      etcd.flatMap(({settings}) =>
        ['unsafe-no-fsync', 'force-new-cluster'].flatMap(key => {
          const flag = settings.get(key)
          return flag !== undefined && /^true$/i.test(flag.text) ? [{place: flag.place, says: `${key} is on`}] : []
        }),
      ),
  },
  {
    id: 'etcd/no-majority',
    severity: 'error',
    about: 'one or two members: when one is lost there is no majority, and PostgreSQL becomes read-only',
    source: 'etcd, FAQ: failure tolerance; Patroni, issue 534, docs/ha_multi_dc.rst',
    fix: 'three members',
    find: files =>
      clusters(files)
        .filter(({members}) => members.length <= 2)
        .map(({members, first}) => ({
          place: first.place,
          says: `etcd has ${members.length === 1 ? 'one member' : 'two members'}: when one is lost there is no majority, and PostgreSQL becomes read-only`,
        })),
  },
  {
    id: 'etcd/even-members',
    severity: 'warning',
    about: 'an even number of members bears no more losses than one less, and one more can fail',
    source: 'etcd, FAQ: why an odd number of cluster members',
    fix: 'one member more or less',
    find: files =>
      clusters(files)
        .filter(({members}) => members.length > 2 && members.length % 2 === 0)
        .map(({members, first}) => ({
          place: first.place,
          says: `${members.length} members bear the loss of ${members.length / 2 - 1}, as ${members.length - 1} would`,
        })),
  },
  {
    id: 'etcd/majority-in-one-network',
    severity: 'advice',
    about: 'a majority of the members is in one network: if networks are sites, the loss of that one stops the cluster',
    source: 'Patroni, docs/ha_multi_dc.rst',
    fix: 'members in three sites, so that none has the majority',
    find: files =>
      clusters(files).flatMap(({members, first}) => {
        const networks = Map.groupBy(members, ({host}) => (isAddress(host) ? host.replace(/\.\d+$/, '') : ''))
        const largest = [...networks].toSorted(([, a], [, b]) => b.length - a.length)[0]
        if (networks.size < 2 || networks.has('') || largest === undefined || largest[1].length * 2 <= members.length)
          return []
        return [
          {
            place: first.place,
            says: `${largest[1].length} of ${members.length} members are in ${largest[0]}.0/24: if that is a site, its loss leaves no majority`,
          },
        ]
      }),
  },
  {
    id: 'etcd/election-below-5-heartbeats',
    severity: 'error',
    about: 'election-timeout is less than five heartbeat-intervals: etcd refuses to start',
    source: 'etcd 3.5 (tried); docs/tuning',
    fix: 'election-timeout ten times the heartbeat-interval',
    find: ({etcd}) =>
      etcd.flatMap(({settings}) => {
        const [beat, election] = [settings.get('heartbeat-interval'), settings.get('election-timeout')]
        const isWrong = Number(election?.text ?? 1000) < 5 * Number(beat?.text ?? 100)
        const place = election?.place ?? beat?.place
        return place === undefined || !isWrong
          ? []
          : [
              {
                place,
                says: `election-timeout ${election?.text ?? 1000} is less than 5 times heartbeat-interval ${beat?.text ?? 100}: etcd refuses to start`,
              },
            ]
      }),
  },
  {
    id: 'etcd/intervals-differ',
    severity: 'warning',
    about: 'heartbeat-interval and election-timeout have to be the same on all members',
    source: 'etcd, docs/tuning: time parameters',
    fix: 'the same values on all',
    find: ({etcd}) =>
      ['heartbeat-interval', 'election-timeout'].flatMap(key => {
        const all = etcd.map(({settings}) => settings.get(key)?.text)
        if (new Set(all).size < 2) return []
        return etcd.flatMap(({settings}) => {
          const own = settings.get(key)
          return own === undefined ? [] : [{place: own.place, says: `${key} is not the same on all members`}]
        })
      }),
  },
  {
    id: 'etcd/name-not-in-cluster',
    severity: 'error',
    about: 'the name of this member is not in initial-cluster: etcd refuses to start',
    source: 'etcd 3.5 (tried)',
    fix: 'the same name in both',
    find: ({etcd}) =>
      etcd.flatMap(file => {
        const members = membersOf(file)
        const own = nameOf(file)
        const place = file.settings.get('name')?.place ?? file.settings.get('initial-cluster')?.place
        return members.length === 0 || place === undefined || members.some(({name}) => name === own)
          ? []
          : [{place, says: `the name ${own} is not in initial-cluster: etcd refuses to start`}]
      }),
  },
  {
    id: 'etcd/peer-url-differs',
    severity: 'error',
    about: 'initial-advertise-peer-urls is not what initial-cluster has for this member: etcd refuses to start',
    source: 'etcd, server/config: advertiseMatchesCluster',
    fix: 'the same URL in both',
    find: ({etcd}) =>
      etcd.flatMap(file => {
        const own = membersOf(file).filter(({name}) => name === nameOf(file))
        const told = file.settings.get('initial-advertise-peer-urls')
        const isSame =
          own.length === 0 ||
          told === undefined ||
          told.text.split(',').some(url => own.some(member => bare(member.url) === bare(url)))
        return isSame
          ? []
          : [
              {
                place: told.place,
                says: `initial-advertise-peer-urls ${told.text} is not what initial-cluster has for ${nameOf(file)}`,
              },
            ]
      }),
  },
  {
    id: 'etcd/advertises-nothing-reachable',
    severity: 'error',
    about: 'a loopback or wildcard address is told to clients and other members: they cannot connect',
    source: 'etcd, docs/configuration: advertise-client-urls',
    fix: 'the address of this host',
    find: ({etcd}) =>
      etcd.flatMap(file =>
        ['advertise-client-urls', 'initial-advertise-peer-urls'].flatMap(key => unreachable(file, key)),
      ),
  },
  {
    id: 'etcd/advertises-loopback-too',
    severity: 'warning',
    about: 'a loopback address is told beside others: who takes that one comes to its own host instead of this one',
    source:
      'etcd, docs/configuration: advertise-client-urls; Patroni, dcs/etcd3.py: it tries every URL of every member',
    fix: 'take it out of what is told; it may stay in what is listened on',
    find: ({etcd}) =>
      etcd.flatMap(file =>
        ['advertise-client-urls', 'initial-advertise-peer-urls'].flatMap(key => {
          const urls = urlsOf(file, key)
          const own = urls.find(({host}) => isLoopback(host))
          return own === undefined || urls.every(({host}) => isLoopback(host))
            ? []
            : [{place: own.place, says: `${key} tells ${own.text} beside others`}]
        }),
      ),
  },
  {
    id: 'etcd/no-advertised-url',
    severity: 'error',
    about: 'listen-client-urls without advertise-client-urls: etcd refuses to start',
    source: 'etcd, server/embed/config.go: ErrUnsetAdvertiseClientURLsFlag',
    fix: 'advertise-client-urls with the address of this host, as Patroni reaches it',
    find: ({etcd}) =>
      etcd.flatMap(({settings}) => {
        const listens = settings.get('listen-client-urls')
        return listens === undefined || settings.has('advertise-client-urls') ? [] : [{place: listens.place}]
      }),
  },
  {
    id: 'etcd/not-a-number',
    severity: 'error',
    about: 'etcd takes a number without a unit here, and refuses to start with anything else',
    source: 'etcd, server/embed/config.go: AddFlags; times are milliseconds, sizes bytes',
    fix: 'the number alone',
    find: ({etcd}) =>
      etcd.flatMap(({settings}) =>
        numbers.flatMap(key => {
          const said = settings.get(key)
          return said === undefined || /^[-+]?\d[\d_]*$|^0[box][\da-f_]+$/i.test(said.text.trim())
            ? []
            : [{place: said.place, says: `${key} ${said.text} is no number: etcd refuses to start`}]
        }),
      ),
  },
  {
    id: 'etcd/cluster-differs',
    severity: 'warning',
    about: 'members that begin one cluster have to agree on it: with these files a new cluster never forms',
    source: 'etcd, docs/clustering: the ID of a cluster is made of initial-cluster and initial-cluster-token',
    fix: 'the same initial-cluster and initial-cluster-token on all members',
    find: ({etcd}) => {
      const all = etcd.filter(isBeginning)
      return all.flatMap(file => {
        const alike = all.filter(one => isRelated(one, file))
        return [...oddOne(file, alike, clusterText, 'initial-cluster'), ...oddOne(file, alike, tokenOf, tokenKey)]
      })
    },
  },
  {
    id: 'etcd/all-existing',
    severity: 'warning',
    about: 'initial-cluster-state existing on all members: a new cluster never forms (one that runs does not read it)',
    source: 'etcd, docs/clustering: initial-cluster-state',
    fix: 'new, on all members that begin the cluster; existing on one that joins later',
    find: ({etcd}) => {
      const all = etcd.filter(({settings}) => settings.get('initial-cluster-state')?.text === 'existing')
      const members = Math.max(0, ...etcd.map(file => membersOf(file).length))
      if (all.length < etcd.length || etcd.length < 2 || etcd.length < members) return []
      return all.map(({settings, place}) => ({place: settings.get('initial-cluster-state')?.place ?? place}))
    },
  },
  {
    id: 'etcd/v2-flag',
    severity: 'advice',
    about: 'enable-v2 goes with etcd 3.6: then it refuses to start',
    source: 'etcd 3.5 (tried): deprecated and will get removed in etcd 3.6',
    fix: 'etcd3 in patroni.yml, and take it out',
    find: ({etcd}) =>
      etcd.flatMap(({settings}) => {
        const flag = settings.get('enable-v2')
        return flag === undefined || /^false$/i.test(flag.text) ? [] : [{place: flag.place}]
      }),
  },
  {
    id: 'etcd/default-token',
    severity: 'advice',
    about: 'the token of the samples: two clusters that have it and meet by mistake become one',
    source: 'etcd, docs/clustering: initial-cluster-token; 12 of 19 public files',
    fix: 'a token for each cluster',
    find: ({etcd}) =>
      etcd.flatMap(file => {
        const token = file.settings.get(tokenKey)
        const members = file.settings.get('initial-cluster')
        // Of one that joins a cluster it does not count.
        if (token === undefined && members !== undefined && membersOf(file).length > 1 && isBeginning(file))
          return [{place: members.place, says: `without ${tokenKey} it is etcd-cluster, as everybody's`}]
        return token !== undefined && /^(etcd-cluster(-\d+)?|tkn|token|my-etcd-token)$/.test(token.text)
          ? [{place: token.place}]
          : []
      }),
  },
]

/** Of these each release has others. */
const families = /^(experimental|discovery|distributed|grpc|log|proxy|v2|unsupported|opts|options|args|user)/

interface Cluster {
  readonly first: EtcdMember
  readonly members: readonly EtcdMember[]
}

/** Each once, however many of its members' files there are; the file that knows most speaks for all. */
function clusters({etcd}: Files): readonly Cluster[] {
  const known = etcd.map(membersOf).filter(members => members.length > 0)
  const byToken = Map.groupBy(
    etcd.filter(file => membersOf(file).length > 0),
    ({settings}) => settings.get('initial-cluster-token')?.text ?? '',
  )
  if (known.length === 0) return []
  return [...byToken.values()].flatMap(files => {
    // With a file of each member there are as many, whatever was written when each was added.
    const largest = files.map(membersOf).toSorted((a, b) => b.length - a.length)[0] ?? []
    const names = new Map(largest.map(member => [member.name, member]))
    const [first] = largest
    return first === undefined ? [] : [{first, members: [...names.values()]}]
  })
}

const tokenKey = 'initial-cluster-token'
const numbers = [
  ...['heartbeat-interval', 'election-timeout', 'snapshot-count', 'max-snapshots', 'max-wals'],
  ...['quota-backend-bytes', 'max-txn-ops', 'max-request-bytes', 'auth-token-ttl', 'bcrypt-cost'],
]

/** One that joins a cluster, or runs already, does not read whose cluster it is. */
function isBeginning(file: EtcdFile): boolean {
  return membersOf(file).length > 0 && (file.settings.get('initial-cluster-state')?.text ?? 'new') === 'new'
}

/** Files of one cluster: each knows a member that the other one knows. */
function isRelated(one: EtcdFile, other: EtcdFile): boolean {
  const known = new Set(membersOf(one).map(({url}) => bare(url)))
  return membersOf(other).some(({url}) => known.has(bare(url)))
}

function clusterText(file: EtcdFile): string {
  const members = membersOf(file).map(({name, url}) => `${name}=${bare(url)}`)
  return members.toSorted().join()
}

function tokenOf({settings}: EtcdFile): string {
  return settings.get(tokenKey)?.text ?? 'etcd-cluster'
}

/** Where what most say is not what this one says; of two each is the other one's. */
function oddOne(file: EtcdFile, all: readonly EtcdFile[], of: (one: EtcdFile) => string, key: string): Found[] {
  const groups = [...Map.groupBy(all, of)].toSorted(([, a], [, b]) => b.length - a.length)
  const [most] = groups
  if (most === undefined || groups.length < 2 || of(file) === most[0]) return []
  const place = file.settings.get(key)?.place ?? file.place
  return [{place, says: `${key} is not that of ${most[1][0]?.file}: with these files no cluster forms`}]
}

function unreachable(file: EtcdFile, key: string): Found[] {
  const told = file.settings.get(key)
  if (told === undefined) return []
  const hosts = told.text.split(',').map(url => urlHost(url).host)
  const isAlone = membersOf(file).every(({host}) => isLoopback(host))
  const wrong = hosts.find(host => isWildcard(host)) ?? (isAlone || !hosts.every(isLoopback) ? undefined : hosts[0])
  return wrong === undefined ? [] : [{place: told.place, says: `${key} tells ${wrong}: nobody else can connect`}]
}

function bare(url: string): string {
  return url.trim().replace(/\/$/, '').toLowerCase()
}
