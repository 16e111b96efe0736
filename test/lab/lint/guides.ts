/** Configurations of the shapes that the guides to Patroni print, in words of our own, each with the mistakes that such a guide makes. */
import type {Texts} from './cluster.ts'

interface Guide {
  readonly texts: Texts
  readonly mistakes: readonly string[]
}

const haproxy = (port: number, ...servers: readonly string[]) => `global
	maxconn 100
defaults
	log global
	mode tcp
	retries 2
	timeout client 30m
	timeout connect 4s
	timeout server 30m
	timeout check 5s
listen stats
	mode http
	bind *:7000
	stats enable
	stats uri /
listen main
	bind *:${port}
	option httpchk
	http-check expect status 200
	default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
${servers.map((address, index) => `	server pg${index + 1} ${address} maxconn 100 check port 8008\n`).join('')}`

const readers = (...servers: readonly string[]) => `listen readers
	balance roundrobin
	bind *:5001
	option httpchk /replica
	http-check expect status 200
	default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
${servers.map((address, index) => `	server pg${index + 1} ${address} maxconn 100 check port 8008\n`).join('')}`

/** One etcd host, the section `etcd`, users in bootstrap, HBA at bootstrap only. */
const singleEtcd: Guide = {
  texts: {
    'etcd.env': `ETCD_LISTEN_PEER_URLS="http://172.30.0.9:2380"
ETCD_LISTEN_CLIENT_URLS="http://localhost:2379,http://172.30.0.9:2379"
ETCD_INITIAL_ADVERTISE_PEER_URLS="http://172.30.0.9:2380"
ETCD_INITIAL_CLUSTER="default=http://172.30.0.9:2380,"
ETCD_ADVERTISE_CLIENT_URLS="http://172.30.0.9:2379"
ETCD_INITIAL_CLUSTER_TOKEN="etcd-cluster"
ETCD_INITIAL_CLUSTER_STATE="new"
`,
    'pg1.yml': `scope: shop
namespace: /shop/
name: pg1
restapi:
    listen: 172.30.0.1:8008
    connect_address: 172.30.0.1:8008
etcd:
    host: 172.30.0.9:2379
bootstrap:
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
  initdb:
  - encoding: UTF8
  - data-checksums
  pg_hba:
  - host replication copier 127.0.0.1/32 md5
  - host replication copier 172.30.0.1/0 md5
  - host all all 0.0.0.0/0 md5
  users:
    keeper:
      password: keeper
      options: [createrole, createdb]
postgresql:
  listen: 172.30.0.1:5432
  connect_address: 172.30.0.1:5432
  data_dir: /data/pg
  pgpass: /tmp/pgpass
  authentication:
    replication:
      username: copier
      password:
    superuser:
      username: postgres
      password: postgres
  parameters:
      unix_socket_directories: '.'
tags: {nofailover: false, noloadbalance: false, clonefrom: false, nosync: false}
`,
    'haproxy.cfg': haproxy(5000, '172.30.0.1:5432', '172.30.0.2:5432', '172.30.0.3:5432'),
  },
  mistakes: [
    'etcd/no-majority',
    'patroni/etcd-v2',
    'patroni/etcd-single-endpoint',
    'patroni/empty-password',
    'patroni/sample-password',
    'patroni/removed',
    'patroni/bootstrap-hba',
    'etcd/default-token',
    'haproxy/maxconn-below-postgres',
  ],
}

/** Slots at the wrong indentation, wal_keep_segments, cluster_name where nobody reads it, an etcd where all members join. */
const colocated: Guide = {
  texts: {
    ...Object.fromEntries(
      [1, 2, 3].map(number => [
        `etcd${number}.env`,
        `ETCD_NAME=m${number}
ETCD_INITIAL_CLUSTER="m1=http://10.60.0.1:2380,m2=http://10.60.0.2:2380,m3=http://10.60.0.3:2380"
ETCD_INITIAL_CLUSTER_STATE="existing"
ETCD_INITIAL_CLUSTER_TOKEN="shop-token"
ETCD_INITIAL_ADVERTISE_PEER_URLS="http://10.60.0.${number}:2380"
ETCD_LISTEN_PEER_URLS="http://10.60.0.${number}:2380"
ETCD_LISTEN_CLIENT_URLS="http://10.60.0.${number}:2379,http://localhost:2379"
ETCD_ADVERTISE_CLIENT_URLS="http://10.60.0.${number}:2379"
`,
      ]),
    ),
    'pg1.yml': `namespace: shop_lab
scope: shop
name: m1
restapi:
    listen: 0.0.0.0:8008
    connect_address: 10.60.0.1:8008
etcd:
    host: 10.60.0.1:2379
bootstrap:
  # written to etcd when the cluster begins
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    slots:
          shop_1:
          type: physical
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        wal_level: replica
        hot_standby: "on"
        wal_keep_segments: 10
        max_wal_senders: 5
        logging_collector: 'on'
  initdb:
  - encoding: UTF8
  pg_hba:
  - host replication copier 127.0.0.1/32 trust
  - host replication copier 0.0.0.0/0 md5
  - host all all 0.0.0.0/0 md5
  - host all all ::0/0 md5
  users:
      keeper:
          password: keep-123
          options: [createrole]
postgresql:
    cluster_name: shop
    listen: 0.0.0.0:5432
    connect_address: 10.60.0.1:5432
    data_dir: /var/lib/postgresql/17/main
    pgpass: /tmp/pgpass
    authentication:
        replication: {username: copier, password: replPasswd}
        superuser: {username: postgres, password: qaz123}
    parameters:
        unix_socket_directories: "/var/run/postgresql/"
    create_replica_methods: [basebackup]
    basebackup:
        checkpoint: 'fast'
tags: {nofailover: false, noloadbalance: false, clonefrom: false, nosync: false}
`,
    'haproxy.cfg':
      haproxy(5000, '10.60.0.1:5432', '10.60.0.2:5432', '10.60.0.3:5432') +
      readers('10.60.0.1:5432', '10.60.0.2:5432', '10.60.0.3:5432'),
  },
  mistakes: [
    'patroni/slot-not-a-mapping',
    'patroni/old-name',
    'patroni/unknown-key',
    'patroni/removed',
    'patroni/etcd-v2',
    'patroni/etcd-single-endpoint',
    'patroni/sample-password',
    'etcd/all-existing',
  ],
}

/** Two proxies, etcd on hosts of its own, watchdog required: the operations guide, whose mistakes are small. */
const dedicated: Guide = {
  texts: {
    'pg1.yml': `scope: shop
namespace: /db/
name: pg1
restapi:
  listen: 0.0.0.0:8008
  connect_address: pg1:8008
etcd3:
  hosts: ["etcd1:2379", "etcd2:2379", "etcd3:2379"]
bootstrap:
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters: {wal_level: replica, hot_standby: "on", max_wal_senders: 5, max_replication_slots: 5}
      pg_hba:
      - host replication copier 10.70.0.0/24 md5
      - host all all 10.70.0.0/24 md5
  users:
    keeper: {password: keeper, options: [createrole]}
postgresql:
  listen: 0.0.0.0:5432
  connect_address: pg1:5432
  data_dir: /var/lib/postgresql/17/main
  authentication:
    replication: {username: copier, password: replicator}
    superuser: {username: postgres, password: postgres}
watchdog: {mode: required, device: /dev/watchdog, safety_margin: 5}
tags: {nofailover: false}
`,
    'haproxy.cfg': haproxy(5000, 'pg1:5432', 'pg2:5432', 'pg3:5432').replace(
      'timeout client 30m',
      'timeout client 60s',
    ),
  },
  mistakes: [
    'patroni/removed',
    'patroni/sample-password',
    'haproxy/idle-timeout',
    'haproxy/hostname-without-resolvers',
  ],
}

const perNode = (number: number, name: string, ttl: number) => `scope: shop_one
namespace: /shop_test/
name: ${name}
restapi:
  listen: 0.0.0.0:8008
  connect_address: 10.80.0.${number}:8008
etcd:
  hosts: pg1:2379,pg2:2379,pg3:2379
bootstrap:
  dcs:
    ttl: ${ttl}
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
  initdb:
  - encoding: UTF8
  - data-checksums
  pg_hba:
  - host replication copier 0.0.0.0/0 md5
  - host all all 0.0.0.0/0 md5
  users:
postgresql:
  listen: "*:6432"
  connect_address: 10.80.0.${number}:6432
  data_dir: /var/lib/pgsql/data/one
  authentication:
    replication: {username: copier, password: replicator}
    superuser: {username: postgres, password: postgres}
    rewind: {username: rewinder, password: rewind}
`

/** Everything on each of three hosts: a name that stands twice, and a ttl that Patroni raises. */
const proxyPerNode: Guide = {
  texts: {
    'pg1.yml': perNode(1, 'pg1', 10),
    'pg2.yml': perNode(2, 'pg2', 10),
    'pg3.yml': perNode(3, 'pg2', 10),
    'haproxy.cfg': haproxy(5432, '10.80.0.1:6432', '10.80.0.2:6432', '10.80.0.3:6432'),
  },
  mistakes: [
    'cluster/name-twice',
    'patroni/timing-below-minimum',
    'patroni/timing-rule',
    'patroni/etcd-v2',
    'patroni/sample-password',
    'patroni/bootstrap-hba',
    'haproxy/maxconn-below-postgres',
  ],
}

export const guides: Readonly<Record<string, Guide>> = {
  'one etcd host': singleEtcd,
  'etcd on the same hosts': colocated,
  'etcd on hosts of its own': dedicated,
  'a proxy on each host': proxyPerNode,
}
