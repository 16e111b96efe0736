/** Of each rule about a patroni.yml a mistake, and what looks like it. */
import {byName, type Change} from '../cluster.ts'
import type {Example} from './example.ts'

const dcs = '    ttl: 30\n'
const parameters = '        max_connections: 200\n'
const local = '    unix_socket_directories: /run/postgresql\n'
const hbaAll = '        - host all all 10.0.0.0/8 scram-sha-256\n'
const hbaReplication = '        - host replication repl 10.0.0.0/24 scram-sha-256\n'
const only = (...addresses: readonly string[]) =>
  addresses.map(address => `        - host replication repl ${address} md5\n`).join('')
const twoMembers: readonly Change[] = [['n3.yml'], ['haproxy.cfg', /^ {2}server n3 .*\n/gm, '']]

export const patroni: Readonly<Record<string, Example>> = {
  'patroni/timing-rule': {
    fires: [['n*.yml', 'retry_timeout: 10', 'retry_timeout: 30']],
    on: 'retry_timeout: 30',
    silent: [['n*.yml', dcs, '    ttl: 31\n']],
  },
  'patroni/timing-below-minimum': {
    fires: [['n*.yml', dcs, '    ttl: 10\n']],
    on: 'ttl: 10',
    silent: [
      ['n*.yml', dcs, '    ttl: 20\n'],
      ['n*.yml', 'loop_wait: 10', 'loop_wait: 1'],
      ['n*.yml', 'retry_timeout: 10', 'retry_timeout: 3'],
    ],
  },
  'patroni/watchdog-too-short': {
    fires: [['n*.yml', 'mode: required', 'mode: required\n  safety_margin: 21']],
    on: 'safety_margin: 21',
    silent: [['n*.yml', 'mode: required', 'mode: required\n  safety_margin: 20']],
  },
  'patroni/watchdog-off': {
    // Unquoted it is a boolean to YAML.
    fires: [['n1.yml', 'mode: required', 'mode: off']],
    on: 'mode: off',
    silent: [['n1.yml', 'watchdog:\n  mode: required\n', '']],
  },
  'patroni/failsafe-without-room': {
    fires: [['n*.yml', dcs, `${dcs}    failsafe_mode: true\n`]],
    on: 'failsafe_mode',
    silent: [['n*.yml', dcs, '    ttl: 35\n    failsafe_mode: true\n']],
  },
  'patroni/zero-lag': {
    fires: [['n*.yml', 'failover: 1048576', 'failover: 0']],
    on: 'maximum_lag_on_failover: 0',
    silent: [
      ['n*.yml', 'failover: 1048576', 'failover: 0'],
      ['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on'],
    ],
  },
  'patroni/strict-with-one-standby': {
    fires: [
      ...twoMembers,
      ['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on\n    synchronous_mode_strict: on'],
    ],
    on: 'synchronous_mode_strict',
    silent: [['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on\n    synchronous_mode_strict: on']],
  },
  'patroni/synchronous-with-one-standby': {
    fires: [...twoMembers, ['n*.yml', 'synchronous_mode: false', 'synchronous_mode: quorum']],
    on: 'synchronous_mode: quorum',
    silent: twoMembers,
  },
  'patroni/settings-not-taken': {
    fires: [['n*.yml', dcs, '    ttl: 30s\n']],
    on: 'ttl: 30s',
    // As Python's int(): a text, a float and a boolean become numbers.
    silent: [
      ['n*.yml', dcs, '    ttl: "3_0"\n'],
      ['n*.yml', 'loop_wait: 10', 'loop_wait: yes'],
      ['n*.yml', 'retry_timeout: 10', 'retry_timeout: 10.5'],
      ['n*.yml', 'synchronous_mode: false', 'standby_cluster: false'],
    ],
  },
  'patroni/synchronous-nodes': {
    fires: [
      [
        'n*.yml',
        'synchronous_mode: false',
        'synchronous_mode: on\n    synchronous_mode_strict: on\n    synchronous_node_count: 3',
      ],
    ],
    on: 'synchronous_node_count',
    silent: [
      [
        'n*.yml',
        'synchronous_mode: false',
        'synchronous_mode: on\n    synchronous_mode_strict: on\n    synchronous_node_count: 2',
      ],
    ],
  },
  'patroni/no-sync-candidate': {
    fires: [
      ['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on'],
      ['n2.yml', 'nofailover: false', 'nosync: true'],
      ['n3.yml', 'nofailover: false', 'nosync: true'],
    ],
    on: 'nosync',
    silent: [
      ['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on'],
      ['n3.yml', 'nofailover: false', 'nosync: true'],
    ],
  },
  'patroni/synchronous-commit-off': {
    fires: [
      ['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on'],
      ['n*.yml', parameters, `${parameters}        synchronous_commit: off\n`],
    ],
    on: 'synchronous_commit',
    silent: [['n*.yml', parameters, `${parameters}        synchronous_commit: off\n`]],
  },
  'patroni/fsync-off': {
    fires: [['n*.yml', parameters, `${parameters}        fsync: 'off'\n`]],
    on: 'fsync',
    silent: [['n*.yml', parameters, `${parameters}        fsync: on\n`]],
  },
  'patroni/value-misread': {
    fires: [['n*.yml', 'synchronous_mode: false', 'synchronous_mode: strict']],
    on: 'synchronous_mode: strict',
    silent: [['n*.yml', 'synchronous_mode: false', 'synchronous_mode: "Quorum"']],
  },
  'patroni/paused': {
    fires: [['n*.yml', dcs, `${dcs}    pause: true\n`]],
    on: 'pause: true',
    silent: [['n*.yml', dcs, `${dcs}    pause: off\n`]],
  },
  'patroni/several-stores': {
    fires: [['n1.yml', 'etcd3:\n', 'etcd:\n  hosts: 10.0.2.1:2379\netcd3:\n']],
    on: 'etcd3:',
    silent: [['n1.yml', '  nofailover', '  etcd: true\n  nofailover']],
  },
  'patroni/asynchronous-commit': {
    fires: [['n*.yml', parameters, `${parameters}        synchronous_commit: off\n`]],
    on: 'synchronous_commit',
    // There it is an error, and told as that.
    silent: [
      ['n*.yml', parameters, `${parameters}        synchronous_commit: off\n`],
      ['n*.yml', 'synchronous_mode: false', 'synchronous_mode: on'],
    ],
  },
  'patroni/cannot-start': {
    fires: [['n2.yml', '  data_dir: /srv/pg\n', '']],
    on: 'scope: ledger',
    // Its name may stand with PostgreSQL, and the store be one that the lab does not build.
    silent: [
      ['n2.yml', 'name: n2\n', ''],
      ['n2.yml', 'postgresql:\n  listen', 'postgresql:\n  name: n2\n  listen'],
      ['n3.yml', /etcd3:\n.*\n/, 'consul:\n  host: 127.0.0.1:8500\n'],
    ],
  },
  'patroni/slot-not-made': {
    fires: [['n*.yml', dcs, `${dcs}    slots:\n      My-Slot: {type: physical}\n`]],
    on: 'My-Slot',
    silent: [
      [
        'n*.yml',
        dcs,
        `${dcs}    slots:\n      my_slot: {type: physical}\n      events: {database: shop, plugin: pgoutput}\n      plain:\n`,
      ],
    ],
  },
  'patroni/unknown-key': {
    fires: [['n1.yml', '  data_dir: /srv/pg', '  data_dri: /srv/pg']],
    on: 'data_dri',
    silent: [
      [
        'n1.yml',
        '  data_dir: /srv/pg',
        '  data_dir: /srv/pg\n  create_replica_methods: [fetch]\n  fetch: {command: /bin/fetch}',
      ],
    ],
  },
  'patroni/setting-misplaced': {
    fires: [['n1.yml', 'namespace: /db/\n', 'namespace: /db/\nsynchronous_mode: on\n']],
    on: 'synchronous_mode: on',
    silent: [['n1.yml', '  data_dir: /srv/pg', '  data_dir: /srv/pg\n  use_pg_rewind: true']],
  },
  'patroni/slot-not-a-mapping': {
    fires: [['n*.yml', dcs, `${dcs}    slots:\n      audit:\n      type: physical\n`]],
    on: 'type: physical',
    // One without settings is physical.
    silent: [
      ['n*.yml', dcs, `${dcs}    slots:\n      audit:\n        type: physical\n      backup:\n      other: {}\n`],
    ],
  },
  'patroni/probable-typo': {
    fires: [['n1.yml', 'nofailover: false', 'noloadbalancer: true']],
    on: 'noloadbalancer',
    silent: [['n1.yml', 'nofailover: false', 'datacenter: north']],
  },
  'patroni/old-name': {
    fires: [['n*.yml', dcs, `${dcs}    master_start_timeout: 300\n`]],
    on: 'master_start_timeout',
    silent: [['n*.yml', parameters, `${parameters}        wal_keep_size: 160MB\n`]],
  },
  'patroni/removed': {
    fires: [['n1.yml', '  dcs:\n', '  users:\n    admin: {password: x}\n  dcs:\n']],
    on: 'users:',
    silent: [['n1.yml', '  dcs:\n', '  users: {}\n  dcs:\n']],
  },
  'patroni/local-parameter-ignored': {
    fires: [['n1.yml', local, `${local}    max_connections: 500\n`]],
    on: 'max_connections: 500',
    silent: [['n1.yml', local, `${local}    shared_buffers: 1GB\n`]],
  },
  'patroni/managed-parameter': {
    fires: [['n1.yml', local, `${local}    cluster_name: ledger\n`]],
    on: 'cluster_name',
    silent: [['n*.yml', parameters, `${parameters}        hot_standby: "on"\n`]],
  },
  'patroni/not-a-list': {
    fires: [['n1.yml', '  data_dir: /srv/pg', '  data_dir: /srv/pg\n  pg_hba: host all all all md5']],
    on: 'pg_hba: host',
    silent: [
      [
        'n1.yml',
        '  data_dir: /srv/pg',
        '  data_dir: /srv/pg\n  pg_hba:\n    - host all,replication all all scram-sha-256',
      ],
    ],
  },
  'patroni/password-is-a-number': {
    fires: [['n1.yml', '"Blue-18-heron"', '0123456701']],
    on: '0123456701',
    silent: [['n1.yml', '"Blue-18-heron"', '"0123456701"']],
  },
  'patroni/contradicting-tags': {
    fires: [['n1.yml', 'nofailover: false', 'nofailover: true\n  failover_priority: 2']],
    on: 'failover_priority',
    silent: [['n1.yml', 'nofailover: false', 'nofailover: true\n  failover_priority: 0']],
  },
  'patroni/address-not-reachable': {
    fires: [['n1.yml', 'connect_address: 10.0.0.1:8008', 'connect_address: 0.0.0.0:8008']],
    on: 'connect_address: 0.0.0.0',
    silent: [['n1.yml', 'listen: 0.0.0.0:8008', 'listen: "*:8008"']],
  },
  'patroni/etcd-v2': {fires: [['n1.yml', 'etcd3:', 'etcd:']], on: 'etcd:', silent: []},
  'patroni/etcd-single-endpoint': {
    fires: [['n1.yml', /hosts: .*/, 'host: 10.0.1.1:2379']],
    on: 'host: 10.0.1.1',
    silent: [['n1.yml', /hosts: .*/, 'srv: example.org']],
  },
  'patroni/etcd-loopback': {
    fires: [['n1.yml', /hosts: .*/, 'host: 127.0.0.1:2379']],
    on: 'host: 127.0.0.1',
    silent: [['n1.yml', '10.0.1.1:2379,', '127.0.0.1:2379,']],
  },
  'patroni/etcd-host-is-url': {
    fires: [['n1.yml', '10.0.1.1:2379,', 'http://10.0.1.1:2379,']],
    on: 'http://10.0.1.1',
    silent: [['n1.yml', /hosts: .*/, 'url: http://10.0.1.1:2379']],
  },
  'patroni/dcs-unsupported': {
    fires: [['n1.yml', /etcd3:\n.*\n/, 'consul:\n  host: 10.0.1.1:8500\n']],
    on: 'consul:',
    silent: [['n1.yml', '  nofailover', '  consul: true\n  nofailover']],
  },
  'patroni/dcs-deprecated': {
    fires: [['n1.yml', /etcd3:\n.*\n/, 'raft:\n  self_addr: 10.0.0.1:2222\n']],
    on: 'raft:',
    silent: [],
  },
  'patroni/empty-password': {
    fires: [['n1.yml', '"Blue-18-heron"', '""']],
    on: 'repl, password: ""',
    silent: [['n1.yml', ', password: "Blue-18-heron"', ', sslcert: /etc/repl.crt']],
  },
  'patroni/sample-password': {
    fires: [['n1.yml', '"Blue-17-heron"', 'zalando']],
    on: 'zalando',
    silent: [['n1.yml', '"Blue-17-heron"', '"zalando-and-more"']],
  },
  'patroni/no-rewind': {
    fires: [['n*.yml', 'use_pg_rewind: true', 'use_pg_rewind: off']],
    on: 'use_pg_rewind: off',
    silent: [
      ['n*.yml', 'use_pg_rewind: true', 'use_pg_rewind: off'],
      ['n*.yml', '  data_dir: /srv/pg', '  data_dir: /srv/pg\n  remove_data_directory_on_diverged_timelines: true'],
    ],
  },
  'patroni/nobody-may-lead': {
    fires: [
      ['n1.yml', 'nofailover: false', 'failover_priority: 0'],
      ['n2.yml', 'nofailover: false', 'nofailover: true'],
    ],
    on: 'failover_priority',
    silent: [['n1.yml', 'nofailover: false', 'nofailover: true']],
  },
  'patroni/replicatefrom-unknown': {
    fires: [['n1.yml', 'nofailover: false', 'replicatefrom: n9']],
    on: 'replicatefrom',
    silent: [['n1.yml', 'nofailover: false', 'replicatefrom: n2']],
  },
  'patroni/hba-trust-world': {
    fires: [['n*.yml', hbaAll, '        - host all all 0.0.0.0/0 trust\n']],
    on: '0.0.0.0/0 trust',
    // Many have it, and whom it lets in has a password.
    silent: [['n*.yml', hbaAll, '        - host all all 0.0.0.0/0 md5\n        - host all all 127.0.0.1/32 trust\n']],
  },
  'patroni/hba-no-replication': {
    fires: [['n*.yml', hbaReplication, '']],
    on: 'pg_hba:',
    silent: [['n*.yml', hbaReplication, '        - hostssl replication +replicators samenet scram-sha-256\n']],
  },
  'patroni/hba-no-rewind': {
    fires: [['n*.yml', hbaAll, '        - host app all 10.0.0.0/8 scram-sha-256\n']],
    on: 'pg_hba:',
    silent: [['n*.yml', hbaAll, '        - host postgres rewinder 10.0.0.0 255.255.255.0 scram-sha-256\n']],
  },
  'patroni/hba-too-few-addresses': {
    fires: [...byName, ['n*.yml', hbaReplication, only('172.20.20.211/32', '127.0.0.1/32')]],
    on: 'repl 172.20.20.211/32',
    silent: [...byName, ['n*.yml', hbaReplication, only('172.20.20.1/32', '172.20.20.2/32', '172.20.20.3/32')]],
  },
  'patroni/bootstrap-hba': {
    fires: [
      ['n*.yml', /( {6}pg_hba:\n(?: {8}- .*\n)+)/, ''],
      ['n*.yml', '  dcs:\n', '  pg_hba:\n    - host all,replication all all md5\n  dcs:\n'],
    ],
    on: 'pg_hba:',
    silent: [['n*.yml', '  dcs:\n', '  pg_hba: []\n  dcs:\n']],
  },
  'patroni/archive-without-command': {
    fires: [['n*.yml', parameters, `${parameters}        archive_mode: on\n`]],
    on: 'archive_mode',
    silent: [['n*.yml', parameters, `${parameters}        archive_mode: on\n        archive_command: "true"\n`]],
  },
}
