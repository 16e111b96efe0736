/** A cluster that is right, as files, and what is changed in them to make one mistake. */
import {lint} from '../../../lab/lint/lint.ts'
import {filesOf, readConfiguration} from '../../../lab/lint/read/read.ts'
import type {LintFinding} from '../../../lab/lint/rule.ts'

export type Texts = Readonly<Record<string, string>>

const member = (number: number) => `scope: ledger
namespace: /db/
name: n${number}
restapi:
  listen: 0.0.0.0:8008
  connect_address: 10.0.0.${number}:8008
etcd3:
  hosts: 10.0.1.1:2379,10.0.1.2:2379,10.0.1.3:2379
bootstrap:
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    synchronous_mode: false
    postgresql:
      use_pg_rewind: true
      parameters:
        max_connections: 200
      pg_hba:
        - local all all peer
        - host replication repl 10.0.0.0/24 scram-sha-256
        - host all all 10.0.0.0/8 scram-sha-256
postgresql:
  listen: 0.0.0.0:5432
  connect_address: 10.0.0.${number}:5432
  data_dir: /srv/pg
  authentication:
    superuser: {username: postgres, password: "Blue-17-heron"}
    replication: {username: repl, password: "Blue-18-heron"}
    rewind: {username: rewinder, password: "Blue-19-heron"}
  parameters:
    unix_socket_directories: /run/postgresql
watchdog:
  mode: required
tags:
  nofailover: false
`

const haproxy = `global
  maxconn 2000
defaults
  mode tcp
  timeout connect 4s
  timeout client 30m
  timeout server 30m
  timeout check 5s

listen write
  bind *:5000
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
  server n1 10.0.0.1:5432 check port 8008
  server n2 10.0.0.2:5432 check port 8008
  server n3 10.0.0.3:5432 check port 8008

listen readers
  bind *:5001
  option httpchk OPTIONS /replica
  http-check expect status 200
  default-server inter 3s fall 3 rise 2
  server n1 10.0.0.1:5432 check port 8008
  server n2 10.0.0.2:5432 check port 8008
  server n3 10.0.0.3:5432 check port 8008
`

const etcd = (number: number) => `# member ${number}
ETCD_NAME=e${number}
ETCD_LISTEN_CLIENT_URLS=http://10.0.1.${number}:2379,http://127.0.0.1:2379
ETCD_ADVERTISE_CLIENT_URLS=http://10.0.1.${number}:2379
ETCD_LISTEN_PEER_URLS=http://10.0.1.${number}:2380
ETCD_INITIAL_ADVERTISE_PEER_URLS=http://10.0.1.${number}:2380
ETCD_INITIAL_CLUSTER="e1=http://10.0.1.1:2380,e2=http://10.0.1.2:2380,e3=http://10.0.1.3:2380"
ETCD_INITIAL_CLUSTER_STATE=new
ETCD_INITIAL_CLUSTER_TOKEN=ledger-7
`

const pgbouncer = `; pools
[databases]
app = host=127.0.0.1 port=5000 dbname=app

[pgbouncer]
listen_port = 6432
auth_type = scram-sha-256
auth_file = /etc/pgbouncer/userlist.txt
pool_mode = transaction
`

const keepalived = (state: string, priority: number) => `vrrp_script chk_haproxy {
  script "/usr/bin/pgrep haproxy"
  interval 2
  weight 20
}
vrrp_instance VI_1 {
  state ${state}
  interface eth0
  virtual_router_id 51
  priority ${priority}
  authentication {
    auth_type PASS
    auth_pass swan1234
  }
  virtual_ipaddress {
    10.0.0.100/24
  }
  track_script {
    chk_haproxy
  }
}
`

const unit = `[Unit]
Description=Patroni
[Service]
User=postgres
ExecStart=/usr/bin/patroni /etc/patroni/config.yml
ExecReload=/bin/kill -s HUP $MAINPID
KillMode=process
TimeoutSec=30
[Install]
WantedBy=multi-user.target
`

export const right: Texts = {
  'n1.yml': member(1),
  'n2.yml': member(2),
  'n3.yml': member(3),
  'haproxy.cfg': haproxy,
  'e1.env': etcd(1),
  'e2.env': etcd(2),
  'e3.env': etcd(3),
  'pgbouncer.ini': pgbouncer,
  'k1.conf': keepalived('MASTER', 101),
  'k2.conf': keepalived('BACKUP', 100),
  'patroni.service': unit,
}

/** In which files (`n*` are n1, n2, n3), what stands there, and what instead; without that the files are taken away. */
export type Change = readonly [files: string, from?: string | RegExp, to?: string]

/** Members that are known by their names alone, of which no file says the addresses. */
export const byName: readonly Change[] = [
  ['n*.yml', /connect_address: 10\.0\.0\.(\d):/g, 'connect_address: db$1.example.org:'],
  ['haproxy.cfg', /(server n(\d)) [^ :]+/g, '$1 db$2.example.org'],
]

export function changed(...changes: readonly Change[]): Texts {
  return changes.reduce(change, right)
}

function change(texts: Texts, [files, from, to = '']: Change): Texts {
  const pattern = new RegExp(`^${files.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  const named = Object.keys(texts).filter(file => pattern.test(file))
  // A change that changes nothing would prove nothing.
  if (named.length === 0) throw new Error(`there is no ${files}`)
  const others = Object.entries(texts).filter(([file]) => !named.includes(file))
  if (from === undefined) return Object.fromEntries(others)
  const made = named.map(file => {
    const text = texts[file] ?? ''
    const now = typeof from === 'string' ? text.replace(from, () => to) : text.replace(from, to)
    if (now === text) throw new Error(`${file} has no ${from}`)
    return [file, now] as const
  })
  return {...texts, ...Object.fromEntries(made)}
}

export function found(texts: Texts): readonly LintFinding[] {
  return lint(filesOf(Object.entries(texts).map(([file, text]) => readConfiguration(file, text)))).findings
}

/** `rule file:line`, for a table of what is expected. */
export function told(texts: Texts): readonly string[] {
  return found(texts).map(({rule, place}) => `${rule.severity} ${rule.id} ${place.file}:${place.line}`)
}
