/** What files of several members say of one cluster, and whether they agree. */
import {type HostPort, isLoopback, isWildcard, sameHost, type Word} from '../../words/place.ts'
import {settingsTaken} from '../misread.ts'
import type {PatroniFile} from '../read/patroni.ts'
import type {YamlNode} from '../read/yaml.ts'
import {nodeAt} from '../read/yaml-path.ts'
import type {Found, Rule} from '../rule.ts'

export const clusterMembers: readonly Rule[] = [
  {
    id: 'cluster/name-twice',
    severity: 'error',
    about: 'two members of one name: each overwrites the key of the other, and one of them refuses to start',
    source: 'Patroni, docs/yaml_configuration.rst: name must be unique',
    fix: 'a name of its own for each member',
    find: ({patroni}) =>
      patroni.flatMap(({name, scope, namespace, file}, index) => {
        const earlier = patroni
          .slice(0, index)
          .find(one => one.name?.text === name?.text && one.scope?.text === scope?.text && one.namespace === namespace)
        return name === undefined || earlier === undefined || earlier.file === file
          ? []
          : [{place: name.place, says: `${earlier.file} is called ${name.text} too`}]
      }),
  },
  {
    id: 'cluster/address-twice',
    severity: 'error',
    about: 'two members of one address: others reach one of them for both, and never the other',
    source: 'Patroni, docs/yaml_configuration.rst: connect_address',
    fix: 'the address of its own host, or a port of its own',
    find: ({patroni}) =>
      patroni.flatMap((member, index) =>
        (
          [
            ['postgresql.connect_address', one => one.address],
            ['restapi.connect_address', one => one.restapi.address],
          ] as readonly (readonly [string, (one: PatroniFile) => HostPort | undefined])[]
        ).flatMap(([what, addressOf]): Found[] => {
          const own = addressOf(member)
          // What no other reaches is told as that.
          if (own === undefined || isLoopback(own.host) || isWildcard(own.host)) return []
          const earlier = patroni.slice(0, index).find(one => {
            const other = addressOf(one)
            const isOther = one.file !== member.file && one.name?.text !== member.name?.text
            return isOther && other !== undefined && sameHost(other.host, own.host) && other.port === own.port
          })
          return earlier === undefined ? [] : [{place: own.place, says: `${earlier.file} has ${what} ${own.text} too`}]
        }),
      ),
  },
  {
    id: 'cluster/scope-differs',
    severity: 'error',
    about: 'another scope than the other members have: this one is a cluster of its own',
    source: 'Patroni, docs/yaml_configuration.rst: scope',
    fix: 'the same scope on all members; two clusters are checked one after the other',
    find: ({patroni}) =>
      odd(
        patroni.filter(({dcs}) => nodeAt(dcs, 'standby_cluster') === undefined),
        ({scope}) => scope,
      ),
  },
  {
    id: 'cluster/namespace-differs',
    severity: 'error',
    about: 'another namespace than the other members have: this one is a cluster of its own',
    source: 'Patroni, docs/yaml_configuration.rst: namespace',
    fix: 'the same namespace on all members',
    find: ({patroni}) =>
      odd(patroni, ({namespace, root}) => {
        const place = nodeAt(root, 'namespace')?.place ?? root.place
        return {text: namespace, place}
      }),
  },
  {
    id: 'cluster/dcs-differs',
    severity: 'warning',
    about:
      'bootstrap.dcs is not the same on all members: the one that begins the cluster decides, and nobody knows which that was',
    source: 'Patroni, docs/yaml_configuration.rst: bootstrap.dcs',
    fix: 'the same on all; what a cluster runs with is in patronictl show-config',
    find: ({patroni, dynamic}) => {
      const said = (map: YamlNode) => JSON.stringify(settingsTaken(map))
      const [shown, ...others] = dynamic
      if (shown !== undefined)
        return others
          .filter(({root}) => said(root) !== said(shown.root))
          .map(({root}) => ({
            place: root.place,
            says: `what a cluster runs with is not what ${shown.file} says, and that counts here`,
            fix: 'the newer of the two, alone',
          }))
      const [first, ...more] = patroni.flatMap(({dcs, scope}) => (dcs === undefined ? [] : [{dcs, scope: scope?.text}]))
      return more
        .filter(({dcs, scope}) => first !== undefined && scope === first.scope && said(dcs) !== said(first.dcs))
        .map(({dcs}) => ({place: dcs.place}))
    },
  },
]

/** Those that differ from what most have. */
function odd(patroni: readonly PatroniFile[], wordOf: (one: PatroniFile) => Word | undefined): Found[] {
  const words = patroni.flatMap(one => wordOf(one) ?? [])
  const [most, ...others] = [...Map.groupBy(words, ({text}) => text)].toSorted(([, a], [, b]) => b.length - a.length)
  // Half and half are two clusters, which one may well look at together.
  if (most === undefined || most[1].length * 2 <= words.length) return []
  return others.flatMap(([, group]) =>
    group.map(({text, place}) => ({place, says: `${text} here, and ${most[0]} on ${most[1].length} others`})),
  )
}
