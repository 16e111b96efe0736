/** Configurations of the shapes that autobase and pigsty print, in words of our own: each with everything that such a role writes beside PostgreSQL. */
import type {Texts} from '../lint/cluster.ts'

/** Long because such a file is. */
const autobaseMember = (number: number) => `---
scope: merlin-main
name: merlin-${number}
namespace: /service

log:
  level: INFO
  format: '%(asctime)s %(levelname)s: %(message)s'
  dir: /var/log/patroni
  loggers:
    urllib3: INFO

restapi:
  listen: 172.24.6.${number}:8008
  connect_address: 172.24.6.${number}:8008
#  certfile: /etc/ssl/certs/snakeoil.pem
  authentication:
      username: warden
      password: Quill-and-4

etcd3:
  hosts: 172.24.6.1:2379,172.24.6.2:2379,172.24.6.3:2379
  protocol: https
  cacert: /etc/etcd/ca.crt

bootstrap:
  method: initdb
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    master_start_timeout: 300
    synchronous_mode: false
    synchronous_mode_strict: false
    synchronous_node_count: 1
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: "600"
        wal_level: "logical"
        password_encryption: "scram-sha-256"
        archive_mode: "on"
        archive_command: "cd ."
        log_directory: "/var/log/postgresql"
  initdb:
    - encoding: UTF8
    - data-checksums
  pg_hba:
    - host replication shadower 127.0.0.1/32 scram-sha-256
    - host all all 0.0.0.0/0 scram-sha-256

postgresql:
  listen: 172.24.6.${number},127.0.0.1:5432
  connect_address: 172.24.6.${number}:5432
  use_unix_socket: true
  data_dir: /var/lib/postgresql/17/main
  bin_dir: /usr/lib/postgresql/17/bin
  pgpass: /var/lib/postgresql/.pgpass_patroni
  authentication:
    replication:
      username: shadower
      password: Plume-and-5
    superuser:
      username: postgres
      password: Talon-and-6
  parameters:
    unix_socket_directories: /var/run/postgresql
  remove_data_directory_on_rewind_failure: false
  callbacks:
      on_role_change: '/etc/patroni/moved.sh'
  create_replica_methods:
    - basebackup
  basebackup:
    max-rate: '1000M'
    checkpoint: 'fast'

watchdog:
  mode: automatic  # Allowed values: off, automatic, required
  device: /dev/watchdog
  safety_margin: 5

tags:
  nosync: false
  noloadbalance: false
  nofailover: false
  clonefrom: false
`

const members = [1, 2, 3]

const balanced = (name: string, port: number, check: string, to: number) => `listen ${name}
    bind 172.24.6.100:${port}
    maxconn 10000
    option httpchk OPTIONS ${check}
    http-check expect status 200
    default-server inter 3s fastinter 1s fall 3 rise 4 on-marked-down shutdown-sessions
${members.map(number => `server merlin-${number} 172.24.6.${number}:${to} check port 8008`).join('\n')}
`

const autobaseProxy = `global
    maxconn 100000
    log /dev/log    local0
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
    user haproxy
    group haproxy
    daemon

defaults
    mode               tcp
    log                global
    option             tcplog
    retries            2
    timeout queue      5s
    timeout connect    5s
    timeout client     60m
    timeout server     60m
    timeout check      15s

listen stats
    mode http
    bind 172.24.6.1:7000
    stats enable

${balanced('master', 5000, '/primary', 6432)}
${balanced('master_direct', 6000, '/primary', 5432)}
${balanced('replicas', 5001, '/replica?lag=10MB', 6432)}`

/** Every host has the same priority. */
const autobaseAddress = `global_defs {
   router_id ocp_vrrp
   enable_script_security
   script_user root
}

vrrp_script haproxy_check {
   script "/usr/libexec/keepalived/haproxy_check.sh"
   interval 2
   weight 2
}

vrrp_instance VI_1 {
   interface ens192
   virtual_router_id 100
   priority  100
   advert_int 2
   state  BACKUP
   virtual_ipaddress {
       172.24.6.100
   }
   track_script {
       haproxy_check
   }
   authentication {
      auth_type PASS
      auth_pass kestrels
   }
}
`

const autobasePooler = `[databases]
orders_pool = host=/var/run/postgresql port=5432 dbname=orders pool_size=20 pool_mode=transaction

* = host=/var/run/postgresql port=5432

[pgbouncer]
logfile = /var/log/pgbouncer/pgbouncer.log
listen_addr = 0.0.0.0
listen_port = 6432
unix_socket_dir = /var/run/pgbouncer
auth_type = scram-sha-256
auth_user = asker
auth_dbname = postgres
auth_query = SELECT usename, passwd FROM user_search($1)
admin_users = postgres
ignore_startup_parameters = extra_float_digits
pool_mode = session
server_reset_query = DISCARD ALL
max_client_conn = 10000
default_pool_size = 100
query_wait_timeout = 120
reserve_pool_size = 1
max_db_connections = 1000
so_reuseport = 1
client_tls_sslmode = require
server_tls_sslmode = require
`

/** Long because such a file is. */
const pigstyMember = (number: number) => `#!/usr/bin/env patroni
#==============================================================#
# File      :   patroni.yml
# Host      :   pg-wren-${number} @ 172.25.7.1${number}:8008
#==============================================================#
---
namespace: /pg/
name: pg-wren-${number}
scope: pg-wren   # common pgsql cluster
log:
  level: INFO
  dateformat: '%Y-%m-%d %H:%M:%S %z'
etcd3:
  hosts: '172.25.7.10:2379'
  protocol: https
  cacert: /pg/cert/ca.crt
  username: 'pg-wren'
  password: 'Sparrow.77'
restapi:
  listen: 172.25.7.1${number}:8008
  connect_address: 172.25.7.1${number}:8008
  authentication:
    username: 'keeper'
    password: 'Sparrow.API'
  allowlist: [ 172.25.7.10, 172.25.7.11 ]
ctl:
  insecure: true
tags:
  nofailover: false
  clonefrom: true
  version: '17'
  spec: '8C.32G.400G'
  conf: 'oltp.yml'
watchdog:
  mode: off
  device: /dev/watchdog
bootstrap:
  method: initdb
  initdb:
    - data-checksums
    - encoding: UTF8
    - locale-provider: builtin
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    primary_start_timeout: 10
    maximum_lag_on_failover: 1048576
    maximum_lag_on_syncnode: -1
    primary_stop_timeout: 30
    synchronous_mode: false
    failsafe_mode: true
    pg_version: 17
    pg_cluster: pg-wren
    postgresql:
      use_slots: true
      use_pg_rewind: true
      remove_data_directory_on_rewind_failure: true
      parameters:
        max_connections: 500
        wal_level: logical
        hot_standby_feedback: 'on'
        shared_preload_libraries: 'pg_stat_statements, auto_explain'
        auto_explain.log_min_duration: 1s
        archive_command: 'pgbackrest --stanza=pg-wren archive-push %p'
postgresql:
  bin_dir: /usr/pgsql/bin
  data_dir: /pg/data
  config_dir: /pg/data
  pgpass: /var/lib/pgsql/.pgpass
  listen: 0.0.0.0:5432
  connect_address: 172.25.7.1${number}:5432
  use_unix_socket: true
  authentication:
    superuser:
      username: postgres
    replication:
      username: mirror
      password: 'Sparrow.Mirror'
    rewind:
      username: mirror
      password: 'Sparrow.Mirror'
  callbacks:
    on_start: /pg/bin/pg-failover-callback
    on_role_change: /pg/bin/pg-failover-callback
  create_replica_methods:
    - basebackup
  basebackup:
    - max-rate: '1000M'
    - checkpoint: fast
    - verbose
...
`

const pigstyMain = `global
    daemon
    user haproxy
    group haproxy
    maxconn 65535
    stats socket /run/haproxy/admin.sock mode 0600 level admin
defaults
    mode tcp
    log global
    maxconn 65535
    timeout connect 10s
    timeout client 24h
    timeout server 24h
    timeout check 5s
listen admin
    bind *:9101
    mode http
    stats enable
`

/** One file for each service: HAProxy reads a folder. */
const pigstyService = (
  service: string,
  port: number,
  check: string,
) => `# service: pg-wren-${service} @ 172.25.7.11:${port}
listen pg-wren-${service}
    bind *:${port}
    mode tcp
    maxconn 5000
    balance roundrobin
    option httpchk
    option http-keep-alive
    http-check send meth OPTIONS uri ${check}
    http-check expect status 200
    default-server inter 3s fastinter 1s downinter 5s rise 3 fall 3 on-marked-down shutdown-sessions slowstart 30s maxconn 3000 maxqueue 128 weight 100
    # servers
${members.map(number => `    server pg-wren-${number} 172.25.7.1${number}:6432 check port 8008 weight 100`).join('\n')}
`

const pigstyPooler = `# Desc : Pgbouncer Main Config

[users]
%include /etc/pgbouncer/useropts.txt

[databases]
%include /etc/pgbouncer/database.txt

[pgbouncer]
pool_mode                   = transaction
listen_addr                 = *
listen_port                 = 6432
auth_type                   = hba
auth_file                   = /etc/pgbouncer/userlist.txt
auth_hba_file               = /etc/pgbouncer/pgb_hba.conf
admin_users                 = postgres, steward
max_client_conn             = 20000
default_pool_size           = 50
server_lifetime             = 600
max_db_connections          = 100
client_tls_sslmode          = disable
`

export const autobase: Texts = {
  ...Object.fromEntries(members.map(number => [`merlin-${number}.yml`, autobaseMember(number)])),
  'haproxy.cfg': autobaseProxy,
  'pgbouncer.ini': autobasePooler,
  ...Object.fromEntries(members.map(number => [`keepalived-${number}.conf`, autobaseAddress])),
}

export const pigsty: Texts = {
  ...Object.fromEntries(members.map(number => [`pg-wren-${number}.yml`, pigstyMember(number)])),
  'haproxy.cfg': pigstyMain,
  'pg-wren-primary.cfg': pigstyService('primary', 5433, '/primary'),
  'pg-wren-replica.cfg': pigstyService('replica', 5434, '/read-only'),
  'pgbouncer.ini': pigstyPooler,
}
