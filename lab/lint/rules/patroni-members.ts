/** One member's own settings: addresses, the way to etcd, passwords, who may lead. */

import {hostPort, isLoopback, isWildcard} from '../../words/place.ts'
import {dcsOf, neverLeads} from '../read/patroni.ts'
import type {YamlNode} from '../read/yaml.ts'
import {entryAt, isTruthyAt, nodeAt, wordAt} from '../read/yaml-path.ts'
import type {Found, Rule} from '../rule.ts'
import {passwords} from './patroni-keys.ts'
import {parametersOf} from './patroni-timings.ts'

export const patroniMembers: readonly Rule[] = [
  {
    id: 'patroni/address-not-reachable',
    severity: 'error',
    about: 'connect_address is told to the other members, and none of them reaches a loopback or wildcard address',
    source: 'Patroni, validator.py: validate_connect_address',
    fix: 'the address of this host, as the others reach it',
    find: files =>
      files.patroni.flatMap(({root}) =>
        ['restapi', 'postgresql'].flatMap(section => {
          const word = wordAt(root, section, 'connect_address')
          if (word === undefined) return []
          const host = word.text.replace(/:\d*$/, '').replace(/^\[|\]$/g, '')
          if (!isLoopback(host) && !isWildcard(host)) return []
          return [
            {
              place: word.place,
              says: `${section}.connect_address ${word.text} is told to the other members, and none of them reaches it`,
            },
          ]
        }),
      ),
  },
  {
    id: 'patroni/listens-on-loopback',
    severity: 'error',
    about: 'it listens on the loopback address only: no other member, proxy or client gets to it',
    source: 'Patroni, docs/yaml_configuration.rst: restapi.listen, postgresql.listen',
    fix: 'the address of this host beside it, or 0.0.0.0',
    find: files =>
      files.patroni.flatMap(({root}) => ['restapi', 'postgresql'].flatMap(section => onLoopback(root, section))),
  },
  {
    id: 'patroni/etcd-v2',
    severity: 'warning',
    about: "the section `etcd` speaks version 2 of etcd's API: off since etcd 3.4, gone in 3.6",
    source: 'Patroni, docs/yaml_configuration.rst: Etcdv3; etcd 3.5 (tried): --enable-v2 is deprecated',
    fix: 'etcd3: with the same settings; the keys of version 2 are not seen by it, so a cluster that runs moves in maintenance mode',
    find: files => files.patroni.flatMap(({etcd}) => (etcd?.section === 'etcd' ? [{place: etcd.place}] : [])),
  },
  {
    id: 'patroni/several-stores',
    severity: 'error',
    about: 'several stores: Patroni uses the first by name for which it has the library, and no other',
    source: 'Patroni, dcs/__init__.py: get_dcs; dynamic_loader.py: iter_modules',
    fix: 'keep the one that is meant',
    find: files =>
      files.patroni.flatMap(({root}) => {
        const [first, ...others] = stores.flatMap(key => entryAt(root, key) ?? [])
        return others.map(({key, place}) => ({
          place,
          says: `${key} is not used: Patroni takes ${first?.key}, the first by name`,
        }))
      }),
  },
  {
    id: 'patroni/etcd-single-endpoint',
    severity: 'warning',
    about: 'Patroni knows one member of etcd: it cannot start while that one is down',
    source: 'Patroni, docs/yaml_configuration.rst: etcd.hosts',
    fix: 'hosts: with all members of etcd',
    find: files =>
      files.patroni.flatMap(({etcd}) => {
        const [only, ...more] = etcd?.endpoints ?? []
        return only === undefined || more.length > 0 || etcd?.isDiscovered || isLoopback(only.host)
          ? []
          : [{place: only.place}]
      }),
  },
  {
    id: 'patroni/etcd-two-endpoints',
    severity: 'advice',
    about: 'Patroni knows two members of etcd: if there are no more, the loss of one leaves no majority',
    source: 'etcd, FAQ: failure tolerance; Patroni, docs/yaml_configuration.rst: etcd.hosts',
    fix: 'hosts: with all members of etcd, of which there are three or five',
    // Whose members are known is told by the rules about those.
    find: files =>
      files.etcd.length > 0
        ? []
        : files.patroni.flatMap(({etcd}) => {
            const hosts = new Set(etcd?.endpoints.map(({host}) => host.toLowerCase()))
            const [first] = etcd?.endpoints ?? []
            return first === undefined || hosts.size !== 2 || etcd?.isDiscovered ? [] : [{place: first.place}]
          }),
  },
  {
    id: 'patroni/etcd-loopback',
    severity: 'advice',
    about:
      'etcd is asked on this very host: right beside a member of one common cluster, and wrong beside one of its own',
    source: 'Patroni, docs/yaml_configuration.rst: etcd.hosts; 8 of 15 public files',
    fix: 'hosts: with all members of etcd',
    find: files =>
      files.patroni.flatMap(({etcd}) => {
        const all = etcd?.endpoints ?? []
        const [first] = all
        return first !== undefined && all.every(({host}) => isLoopback(host)) ? [{place: first.place}] : []
      }),
  },
  {
    id: 'patroni/etcd-host-is-url',
    severity: 'error',
    about: 'host and hosts take host:port, no URL',
    source: 'Patroni, validator.py: validate_host_port',
    fix: 'host:port, and protocol: https where it is meant',
    find: files =>
      files.patroni.flatMap(({etcd}) =>
        (etcd?.endpoints ?? [])
          .filter(({text}) => /^[a-z]+:\/\//i.test(text))
          .map(({text, place}) => ({place, says: `${text} is a URL: Patroni expects host:port`})),
      ),
  },
  {
    id: 'patroni/dcs-unsupported',
    severity: 'advice',
    about: 'this store is none that the lab can build: its timings are not checked',
    source: 'Patroni, validator.py: available_dcs; docs/limits.md of pgha-lab',
    fix: 'nothing, if the store is meant',
    find: files =>
      files.patroni.flatMap(({root}) =>
        ['consul', 'zookeeper', 'kubernetes', 'exhibitor'].flatMap(key => {
          const entry = entryAt(root, key)
          return entry === undefined
            ? []
            : [{place: entry.place, says: `${key} is no store that the lab can build: it is not checked`}]
        }),
      ),
  },
  {
    id: 'patroni/dcs-deprecated',
    severity: 'warning',
    about: 'raft is deprecated since Patroni 3.0',
    source: 'Patroni, docs/releases.rst (3.0.0)',
    fix: 'move to etcd3',
    find: files =>
      files.patroni.flatMap(({root}) => {
        const entry = entryAt(root, 'raft')
        return entry === undefined ? [] : [{place: entry.place}]
      }),
  },
  {
    id: 'patroni/empty-password',
    severity: 'error',
    about: 'an empty password is none to PostgreSQL: whoever has it cannot log in by password',
    source: 'PostgreSQL, CREATE ROLE: PASSWORD',
    fix: 'write one, or take the key out where another method is meant',
    find: files =>
      files.patroni.flatMap(patroni =>
        passwords(patroni.root)
          .filter(({value}) => value.kind === 'scalar' && (value.value === null || value.value === ''))
          .map(({place}) => ({place})),
      ),
  },
  {
    id: 'patroni/sample-password',
    severity: 'warning',
    about: 'a password of the samples and guides, which everybody knows',
    source: 'Patroni, postgres0.yml; 24 of 47 public files',
    fix: 'one of its own',
    find: files =>
      files.patroni.flatMap(({root}) =>
        passwords(root).flatMap(({value}) => {
          const isSample = value.kind === 'scalar' && samples.test(value.text)
          return isSample ? [{place: value.place}] : []
        }),
      ),
  },
  {
    id: 'patroni/no-rewind',
    severity: 'advice',
    about:
      'without use_pg_rewind an old primary that is ahead of the new one stays away until it has a new base backup',
    source: 'Patroni, docs/yaml_configuration.rst: use_pg_rewind',
    fix: 'bootstrap.dcs.postgresql: use_pg_rewind: true',
    find: files =>
      dcsOf(files).flatMap(({map, of, place}) => {
        const entry = entryAt(map, 'postgresql', 'use_pg_rewind')
        const isRemade =
          of !== undefined && isTruthyAt(of.root, 'postgresql', 'remove_data_directory_on_diverged_timelines')
        const own = of === undefined ? undefined : isTruthyAt(of.root, 'postgresql', 'use_pg_rewind')
        const isOn = own ?? isTruthyAt(map, 'postgresql', 'use_pg_rewind')
        return isOn === true || isRemade === true
          ? []
          : [{place: entry?.place ?? nodeAt(map, 'postgresql')?.place ?? place}]
      }),
  },
  {
    id: 'patroni/nobody-may-lead',
    severity: 'error',
    about:
      'nofailover, or failover_priority 0, on all members but at most one: when that one is lost nobody may take over',
    source: 'Patroni, ha.py; docs/yaml_configuration.rst: nofailover',
    fix: 'take the tag from at least two members',
    find: files => {
      const never = files.patroni.filter(({tags}) => neverLeads(tags))
      if (never.length === 0 || files.patroni.length < 2 || files.patroni.length - never.length > 1) return []
      return never.map(({tags, root}) => ({
        place: (entryAt(tags, 'nofailover') ?? entryAt(tags, 'failover_priority'))?.place ?? root.place,
      }))
    },
  },
  {
    id: 'patroni/replicatefrom-unknown',
    severity: 'warning',
    about: 'replicatefrom names no member: this one follows the leader',
    source: 'Patroni, docs/yaml_configuration.rst: replicatefrom',
    fix: 'the name of a member',
    find: files =>
      files.patroni.flatMap(({tags}) => {
        const from = wordAt(tags, 'replicatefrom')
        const isKnown = files.patroni.some(({name}) => name?.text === from?.text)
        return from === undefined || isKnown || files.patroni.length < 2
          ? []
          : [{place: from.place, says: `replicatefrom ${from.text} names no member of these files`}]
      }),
  },
  {
    id: 'patroni/archive-without-command',
    severity: 'warning',
    about: 'archive_mode without a command or library that archives: WAL is kept until the disk is full',
    source: 'PostgreSQL, archive_mode, archive_command',
    fix: 'an archive_command, or archive_mode: off',
    find: files => {
      const has = (name: string) => parametersOf(files, name).some(({text}) => text.trim() !== '')
      if (has('archive_command') || has('archive_library')) return []
      return parametersOf(files, 'archive_mode')
        .filter(({text}) => /^(on|always|true|yes|1)$/i.test(text))
        .map(({place}) => ({place}))
    },
  },
]

/** Where another port is told than is listened on, something may lead from one to the other. */
function onLoopback(root: YamlNode, section: string): Found[] {
  const [listen, told] = [wordAt(root, section, 'listen'), wordAt(root, section, 'connect_address')]
  if (listen === undefined) return []
  const [, hosts = '', port] = /^(.*?)(?::(\d+))?$/.exec(listen.text.trim()) ?? []
  const isAlone = hosts.split(',').every(host => isLoopback(host.trim().replace(/^\[|\]$/g, '')))
  const address = told === undefined ? undefined : hostPort(told)
  const isLedOn = address !== undefined && address.port !== undefined && String(address.port) !== port
  // Of a loopback address that is told the rule about connect_address speaks.
  if (!isAlone || isLedOn || (address !== undefined && isLoopback(address.host))) return []
  const others = section === 'restapi' ? 'no check of a proxy and no member' : 'no replica and no client'
  return [{place: listen.place, says: `${section}.listen ${listen.text} is for this host alone: ${others} gets to it`}]
}
/** Where Patroni may keep the leader key, in the order in which it looks. */
export const stores = ['consul', 'etcd', 'etcd3', 'exhibitor', 'kubernetes', 'raft', 'zookeeper']

const samples =
  /^(zalando|rep-pass|replicator|rewind|rewind_password|postgres|admin%?|replPasswd|qaz123|password|patroni|changeme|secret)$/i
