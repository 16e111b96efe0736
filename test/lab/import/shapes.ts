/** Configurations of the shapes that are met in public, in words of our own: what writes them is told, not whose they are. */
import {globSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {right, type Texts} from '../lint/cluster.ts'
import {guides} from '../lint/guides.ts'
import {autobase, pigsty} from './printed.ts'

const configs = join(import.meta.dirname, '..', '..', 'cases', 'configs')

function set(folder: string, files: string): Texts {
  const names = globSync(files, {cwd: join(configs, folder)}).filter(name => !name.startsWith('expect.'))
  return Object.fromEntries(names.toSorted().map(name => [name, readFileSync(join(configs, folder, name), 'utf8')]))
}

const haproxy = (members: readonly string[], port: number) => `global
    maxconn 4000
    stats socket /run/haproxy/admin.sock mode 660
    log /dev/log local0
defaults
    mode tcp
    retries 3
    timeout connect 3s
    timeout client 24h
    timeout server 24h
    timeout check 3s
listen stats
    mode http
    bind 172.21.9.8:7000
    stats enable
    stats auth overseer:ZebraCrossing41
frontend writes
    bind 172.21.9.8:${port}
    default_backend leader
backend leader
    option httpchk OPTIONS /master
    http-check expect status 200
    default-server inter 3s fastinter 1s fall 3 rise 4 on-marked-down shutdown-sessions
${members.map((host, index) => `    server db-${index} ${host}:6432 check port 8008`).join('\n')}
frontend reads
    bind 172.21.9.8:${port + 1}
    default_backend followers
backend followers
    option httpchk OPTIONS /replica?lag=100MB
    default-server inter 3s fastinter 1s fall 3 rise 2
${members.map((host, index) => `    server db-${index} ${host}:6432 check port 8008`).join('\n')}
`

/** As Patroni's own samples are: everything on one machine, three files, a callback and an archive in comments of their own. */
const sampleOf = (number: number) => `scope: trial
name: trial${number}
restapi:
  listen: 127.0.0.1:800${7 + number}
  connect_address: 127.0.0.1:800${7 + number}
etcd:
  host: 127.0.0.1:2379
bootstrap:
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      pg_hba:
      - host replication copier 127.0.0.1/32 md5
      - host all all 0.0.0.0/0 md5
      parameters:
#        archive_mode: "on"
  initdb:
  - encoding: UTF8
  - data-checksums
postgresql:
  listen: 127.0.0.1:543${1 + number}
  connect_address: 127.0.0.1:543${1 + number}
  data_dir: data/trial${number}
  pgpass: /tmp/pgpass${number}
  authentication:
    replication: {username: copier, password: copier-of-9}
    superuser: {username: postgres, password: finch-and-7}
    rewind: {username: winder, password: winder-of-8}
  parameters:
    unix_socket_directories: '..'
tags: {noloadbalance: false, clonefrom: false, nostream: false}
`

/** As a role of Ansible prints it: every setting said, many parameters, pgbackrest, callbacks, a watchdog. Long because such a file is. */
const rendered = (number: number) => `---
scope: "stork-main"
name: "stork-db-${number}"
namespace: "/service"
log:
  level: INFO
  dir: /var/log/patroni
restapi:
  listen: "172.21.4.${number}:8008"
  connect_address: "172.21.4.${number}:8008"
  authentication:
    username: keeper
    password: "Lapwing!nest?22"
etcd3:
  hosts: 172.21.4.1:2379,172.21.4.2:2379,172.21.4.3:2379
  username: patroni
  password: "Plover#33"
bootstrap:
  method: initdb
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    master_start_timeout: 300
    synchronous_mode: true
    synchronous_mode_strict: false
    synchronous_node_count: 1
    slots:
      reports: {type: physical}
      events: {type: logical, database: shop, plugin: wal2json}
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 500
        superuser_reserved_connections: 5
        password_encryption: scram-sha-256
        shared_buffers: 24GB
        wal_keep_size: 8GB
        wal_level: logical
        archive_mode: on
        archive_timeout: 1800s
        archive_command: "pgbackrest --stanza=stork --repo1-host=vault.stork.example archive-push %p"
        wal_receiver_timeout: 30s
        shared_preload_libraries: pg_stat_statements,auto_explain
        pg_stat_statements.max: 10000
        log_directory: /var/log/postgresql
        track_io_timing: "on"
        idle_in_transaction_session_timeout: 10min
postgresql:
  listen: "172.21.4.${number},127.0.0.1:5432"
  connect_address: "172.21.4.${number}:5432"
  use_unix_socket: true
  data_dir: /var/lib/postgresql/16/main
  bin_dir: /usr/lib/postgresql/16/bin
  pgpass: /var/lib/postgresql/.pgpass_patroni
  authentication:
    replication: {username: copier, password: "Bittern 44"}
    superuser: {username: postgres, password: "Heron:55"}
  pg_hba:
    - local all all peer
    - host replication copier 172.21.4.0/24 scram-sha-256
    - host all all 172.21.0.0/16 scram-sha-256
  callbacks:
    on_role_change: /etc/patroni/callbacks/tell.sh https://hooks.stork.example/T0KEN99
    on_start: /etc/patroni/callbacks/tell.sh
  create_replica_methods: [pgbackrest, basebackup]
  pgbackrest: {command: "/usr/bin/pgbackrest --stanza=stork --delta restore", keep_data: true, no_params: true}
  basebackup: {max-rate: 1000M, checkpoint: fast}
  recovery_conf:
    restore_command: "pgbackrest --stanza=stork archive-get %f %p"
  remove_data_directory_on_rewind_failure: false
watchdog: {mode: automatic, device: /dev/watchdog, safety_margin: 5}
tags: {nofailover: ${number === 3}, noloadbalance: false, clonefrom: false, nosync: false, datacenter: nest-${number}}
`

const three = ['172.21.4.1', '172.21.4.2', '172.21.4.3']

/** That import. */
export const importable: Readonly<Record<string, Texts>> = {
  ...Object.fromEntries(Object.entries(guides).map(([name, {texts}]) => [`a guide: ${name}`, texts])),
  'a whole cluster': right,
  ...Object.fromEntries(
    readdirSync(configs)
      .filter(name => /^\d/.test(name) && !name.includes('REFUSE'))
      .map(name => [`the set ${name}`, set(name, '*')]),
  ),
  'names in DNS': set('right', '{colocated,poolers,pgbouncer,etcd,keepalived}*'),
  'a rendered file with show-config': set('right', '{rendered,show-config}*'),
  'printed by a role of Ansible': {
    'stork-db-1.yml': rendered(1),
    'stork-db-2.yml': rendered(2),
    'stork-db-3.yml': rendered(3),
    'haproxy.cfg': haproxy(three, 5000),
  },
  'printed by autobase': autobase,
  'printed by pigsty': pigsty,
  "Patroni's own sample, one of three": {'trial0.yml': sampleOf(0)},
}

const base = rendered(1)

/** That do not, and why in a sentence. */
export const refused: readonly (readonly [string, Texts, RegExp])[] = [
  [
    "Spilo's environment",
    {'spilo.env': 'SCOPE=heron\nSPILO_CONFIGURATION="{bootstrap: {dcs: {ttl: 30}}}"\nPGVERSION=16\n'},
    /spilo\.env:2:1: .* the environment of Patroni; give the file that is made of it, of Spilo \/home\/postgres\/postgres\.yml/,
  ],
  [
    "Patroni's environment",
    {'patroni.env': 'PATRONI_SCOPE=heron\nPATRONI_NAME=heron1\nPATRONI_ETCD3_HOSTS=10.1.1.1:2379\n'},
    /patroni\.env:1:1: .* the environment of Patroni/,
  ],
  [
    'a Compose file of Spilo',
    {
      'docker-compose.yml':
        "services:\n  heron1:\n    image: spilo\n    environment:\n      SCOPE: heron\n      SPILO_CONFIGURATION: '{bootstrap: {dcs: {ttl: 30}}}'\n",
    },
    /docker-compose\.yml:1:1: .*a Compose file with the environment of Patroni: .*give \/home\/postgres\/postgres\.yml of each container/,
  ],
  [
    'a Compose file with a list of variables',
    {'compose.yaml': 'services:\n  heron1:\n    image: patroni\n    environment:\n      - PATRONI_NAME=heron1\n'},
    /compose\.yaml:1:1: .*a Compose file with the environment of Patroni/,
  ],
  [
    'another Compose file',
    {'compose.yaml': 'services:\n  web:\n    image: nginx\n'},
    /compose\.yaml:1:1: .*: a Compose file; give the file/,
  ],
  [
    'a cluster in Consul',
    {'a.yml': base.replace('etcd3:', 'consul:')},
    /a\.yml:\d+:1: Patroni keeps its state in consul/,
  ],
  ['one in Kubernetes', {'a.yml': `${base}kubernetes: {use_endpoints: true}\n`}, /in kubernetes; a lab has etcd only/],
  [
    'a standby cluster',
    {'a.yml': base.replace('    ttl: 30\n', '    ttl: 30\n    standby_cluster: {host: 10.1.1.1, port: 5432}\n')},
    /a\.yml:22:5: a standby cluster follows another one/,
  ],
  ['a template', {'a.yml': base.replace('"stork-main"', '"{{ scope }}"')}, /a template that was not rendered/],
  ['HAProxy alone', {'haproxy.cfg': haproxy(three, 5000)}, /none of these files says the timings of Patroni/],
]
