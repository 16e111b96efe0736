/** Of each rule about files of any kind, etcd, keepalived, PgBouncer, and several files together a mistake, and what looks like it. */
import type {Example} from './example.ts'

const dcs = '    ttl: 30\n'
const parameters = '        max_connections: 200\n'
const local = '    unix_socket_directories: /run/postgresql\n'
const hbaAll = '        - host all all 10.0.0.0/8 scram-sha-256\n'
const n3 = '  server n3 10.0.0.3:5432 check port 8008\n'
const token = 'ETCD_INITIAL_CLUSTER_TOKEN=ledger-7\n'
const database = 'app = host=127.0.0.1 port=5000 dbname=app'

export const others: Readonly<Record<string, Example>> = {
  'file/placeholder': {
    fires: [['n1.yml', 'data_dir: /srv/pg', `data_dir: ${'$'}{PGDATA}`]],
    on: 'data_dir',
    // A shell replaces its own.
    silent: [['n1.yml', local, `${local}    archive_command: "sh -c 'cp %p ${'$'}{DIR}/%f'"\n`]],
  },
  'file/duplicate-key': {
    fires: [['n1.yml', '    loop_wait: 10\n', '    loop_wait: 5\n    loop_wait: 10\n']],
    on: 'loop_wait: 5',
    silent: [['n1.yml', parameters, `${parameters}        ttl: 30\n`]],
  },
  'etcd/no-majority': {
    fires: [['e3.env'], ['e*.env', /,e3=.*"/, '"']],
    on: 'INITIAL_CLUSTER=',
    silent: [['e3.env']],
  },
  'etcd/even-members': {
    fires: [['e*.env', '2380"', '2380,e4=http://10.0.1.4:2380"']],
    on: 'INITIAL_CLUSTER=',
    silent: [['e*.env', '2380"', '2380,e4=http://10.0.1.4:2380,e5=http://10.0.1.5:2380"']],
  },
  'etcd/majority-in-one-network': {
    fires: [['e*.env', 'e3=http://10.0.1.3', 'e3=http://10.0.2.3'], ['e3.env']],
    on: 'INITIAL_CLUSTER=',
    silent: [
      ['e*.env', 'e3=http://10.0.1.3', 'e3=http://10.0.2.3'],
      ['e*.env', 'e2=http://10.0.1.2', 'e2=http://10.0.3.2'],
      ['e3.env'],
      ['e2.env'],
    ],
  },
  'etcd/election-below-5-heartbeats': {
    fires: [['e*.env', token, `${token}ETCD_HEARTBEAT_INTERVAL=300\n`]],
    on: 'HEARTBEAT',
    silent: [['e*.env', token, `${token}ETCD_HEARTBEAT_INTERVAL=200\n`]],
  },
  'etcd/intervals-differ': {
    fires: [['e1.env', token, `${token}ETCD_ELECTION_TIMEOUT=2000\n`]],
    on: 'ELECTION',
    silent: [['e*.env', token, `${token}ETCD_ELECTION_TIMEOUT=2000\n`]],
  },
  'etcd/name-not-in-cluster': {
    fires: [['e1.env', 'ETCD_NAME=e1', 'ETCD_NAME=etcd1']],
    on: 'ETCD_NAME',
    // Without a name it is `default`.
    silent: [
      ['e1.env', 'ETCD_NAME=e1\n', ''],
      ['e*.env', 'e1=', 'default='],
    ],
  },
  'etcd/peer-url-differs': {
    fires: [['e1.env', 'ADVERTISE_PEER_URLS=http://10.0.1.1', 'ADVERTISE_PEER_URLS=https://10.0.1.1']],
    on: 'ADVERTISE_PEER_URLS',
    silent: [['e1.env', 'ADVERTISE_PEER_URLS=http://10.0.1.1:2380', 'ADVERTISE_PEER_URLS=http://10.0.1.1:2380/']],
  },
  'etcd/advertises-nothing-reachable': {
    fires: [['e1.env', 'ADVERTISE_CLIENT_URLS=http://10.0.1.1', 'ADVERTISE_CLIENT_URLS=http://0.0.0.0']],
    on: 'ADVERTISE_CLIENT_URLS',
    silent: [['e1.env', 'LISTEN_PEER_URLS=http://10.0.1.1', 'LISTEN_PEER_URLS=http://0.0.0.0']],
  },
  'etcd/all-existing': {
    fires: [['e*.env', 'STATE=new', 'STATE=existing']],
    on: 'STATE=existing',
    silent: [['e3.env', 'STATE=new', 'STATE=existing']],
  },
  'etcd/v2-flag': {
    fires: [['e1.env', token, `${token}ETCD_ENABLE_V2=true\n`]],
    on: 'ENABLE_V2',
    silent: [['e1.env', token, `${token}ETCD_ENABLE_V2=false\n`]],
  },
  'etcd/default-token': {
    fires: [['e1.env', 'TOKEN=ledger-7', 'TOKEN=etcd-cluster-1']],
    on: 'TOKEN',
    silent: [['e1.env', 'TOKEN=ledger-7', 'TOKEN=etcd-cluster-of-ledger']],
  },
  'etcd/unknown-key': {
    fires: [['e1.env', 'ETCD_NAME', 'ETCD_HEARTBEAT_INTERVALL=100\nETCD_NAME']],
    on: 'INTERVALL',
    silent: [['e1.env', 'ETCD_NAME', 'ETCD_DISCOVERY_CERT=/a\nETCD_NAME']],
  },
  'etcd/unsafe': {
    fires: [['e1.env', 'ETCD_NAME', 'ETCD_UNSAFE_NO_FSYNC=true\nETCD_NAME']],
    on: 'NO_FSYNC',
    silent: [['e1.env', 'ETCD_NAME', 'ETCD_FORCE_NEW_CLUSTER=false\nETCD_NAME']],
  },
  'pgbouncer/unknown-key': {
    fires: [['pgbouncer.ini', 'pool_mode =', 'poolmode =']],
    on: 'poolmode',
    silent: [['pgbouncer.ini', 'pool_mode =', 'something_of_a_later_release =']],
  },
  'patroni/unit-kills-postgres': {
    fires: [['patroni.service', 'KillMode=process\n', '']],
    on: '[Service]',
    // Of another program it is no matter.
    silent: [
      ['patroni.service', '/usr/bin/patroni /etc/patroni/config.yml', '/usr/bin/etcd'],
      ['patroni.service', 'KillMode=process\n', ''],
    ],
  },
  'keepalived/unknown-word': {
    fires: [['k1.conf', 'priority', 'priorty']],
    on: 'priorty',
    silent: [
      [
        'k1.conf',
        '  interface eth0\n',
        '  interface eth0\n  preempt_delay 5\n  ours 3\n  unicast_peer {\n    10.0.0.8\n  }\n',
      ],
    ],
  },
  'keepalived/no-track-script': {
    fires: [['k1.conf', / {2}track_script \{[^}]*\}\n/, '']],
    on: 'vrrp_instance',
    // What a group tracks, it tracks for each of its instances.
    silent: [
      ['k1.conf', 'track_script {\n    chk_haproxy', 'track_process {\n    haproxy'],
      ['k2.conf', / {2}track_script \{[^}]*\}\n/, ''],
      ['k2.conf', /$/, 'vrrp_sync_group G {\n  group {\n    VI_1\n  }\n  track_script {\n    chk_haproxy\n  }\n}\n'],
    ],
  },
  'keepalived/track-script-outside': {
    fires: [['k1.conf', / {2}track_script \{[^}]*\}\n\}\n/, '}\ntrack_script {\n  chk_haproxy\n}\n']],
    on: 'track_script {',
    silent: [],
  },
  'keepalived/track-script-unknown': {
    fires: [['k1.conf', '    chk_haproxy\n', '    chk_proxy\n']],
    on: '    chk_proxy',
    silent: [['k1.conf', '    chk_haproxy\n', '    chk_haproxy weight 30\n']],
  },
  'keepalived/weight-below-gap': {
    fires: [['k1.conf', 'priority 101', 'priority 150']],
    on: '    chk_haproxy',
    // Without a weight a failed script means FAULT.
    silent: [
      ['k1.conf', 'priority 101', 'priority 150'],
      ['k*.conf', '  weight 20\n', ''],
    ],
  },
  'keepalived/password-cut': {
    fires: [['k1.conf', 'swan1234', 'swan12345']],
    on: 'auth_pass',
    silent: [['k*.conf', 'swan1234', 'swan']],
  },
  'keepalived/router-id-differs': {
    fires: [['k2.conf', 'router_id 51', 'router_id 52']],
    on: 'router_id 52',
    silent: [
      ['k2.conf', 'router_id 51', 'router_id 52'],
      ['k2.conf', '10.0.0.100', '10.0.0.101'],
    ],
  },
  'keepalived/both-master': {
    fires: [
      ['k2.conf', 'state BACKUP', 'state MASTER'],
      ['k2.conf', 'priority 100', 'priority 101'],
    ],
    on: 'state MASTER',
    silent: [['k1.conf', 'state MASTER', 'state BACKUP']],
  },
  'pgbouncer/value-with-comment': {
    fires: [['pgbouncer.ini', 'pool_mode = transaction', 'pool_mode = transaction ; not session']],
    on: 'pool_mode',
    silent: [['pgbouncer.ini', database, `${database} connect_query='select 1 ; select 2'`]],
  },
  'pgbouncer/auth-any': {
    fires: [['pgbouncer.ini', 'scram-sha-256', 'trust']],
    on: 'auth_type',
    silent: [['pgbouncer.ini', 'scram-sha-256', 'hba']],
  },
  'pgbouncer/database-pinned-to-member': {
    fires: [['pgbouncer.ini', 'host=127.0.0.1', 'host=10.0.0.2']],
    on: 'app =',
    silent: [['pgbouncer.ini', 'host=127.0.0.1', 'host=10.0.0.100']],
  },
  'cluster/name-twice': {
    fires: [['n3.yml', 'name: n3', 'name: n2']],
    on: 'name: n2',
    silent: [
      ['n3.yml', 'name: n3', 'name: n2'],
      ['n3.yml', 'scope: ledger', 'scope: other'],
    ],
  },
  'cluster/address-twice': {
    fires: [['n2.yml', 'connect_address: 10.0.0.2:5432', 'connect_address: 10.0.0.1:5432']],
    on: 'connect_address: 10.0.0.1:5432',
    silent: [['n2.yml', 'connect_address: 10.0.0.2:5432', 'connect_address: 10.0.0.1:5433']],
  },
  'cluster/scope-differs': {
    fires: [['n3.yml', 'scope: ledger', 'scope: legder']],
    on: 'scope: legder',
    // Half and half are two clusters.
    silent: [['n3.yml'], ['n2.yml', 'scope: ledger', 'scope: other']],
  },
  'cluster/namespace-differs': {
    fires: [['n3.yml', 'namespace: /db/\n', '']],
    on: 'scope: ledger',
    silent: [['n3.yml', 'namespace: /db/', 'namespace: db']],
  },
  'cluster/dcs-differs': {
    fires: [['n3.yml', dcs, '    ttl: 40\n']],
    on: 'ttl: 40',
    silent: [['n3.yml', `${dcs}    loop_wait: 10\n`, `    loop_wait: 10 # the same\n${dcs}`]],
  },
  'cluster/haproxy-lacks-member': {
    fires: [['haproxy.cfg', n3, '']],
    on: 'listen write',
    // A name may stand for any address.
    silent: [['haproxy.cfg', /10\.0\.0\.(\d):5432/g, 'db$1:5432']],
  },
  'cluster/haproxy-not-a-member': {
    fires: [['haproxy.cfg', n3, `${n3}  server n4 10.0.0.4:5432 check port 8008\n`]],
    on: 'server n4',
    silent: [['n2.yml'], ['n3.yml']],
  },
  'cluster/haproxy-port-differs': {
    fires: [['haproxy.cfg', '10.0.0.2:5432', '10.0.0.2:5433']],
    on: '10.0.0.2:5433',
    // The pooler before it.
    silent: [['haproxy.cfg', /:5432/g, ':6432']],
  },
  'cluster/check-port-differs': {
    fires: [['haproxy.cfg', 'n2 10.0.0.2:5432 check port 8008', 'n2 10.0.0.2:5432 check port 8009']],
    on: 'port 8009',
    silent: [
      ['haproxy.cfg', 'n2 10.0.0.2:5432 check port 8008', 'n2 10.0.0.2:5432 check port 8009'],
      ['n2.yml', '10.0.0.2:8008', '10.0.0.2:8009'],
      ['haproxy.cfg', 'n2 10.0.0.2:5432 check port 8008', 'n2 10.0.0.2:5432 check port 8009'],
    ],
  },
  'cluster/haproxy-server-twice': {
    fires: [['haproxy.cfg', n3, '  server n3 10.0.0.2:5432 check port 8008\n']],
    on: 'n3 10.0.0.2',
    silent: [],
  },
  'cluster/restapi-tls-mismatch': {
    fires: [['n2.yml', '  listen: 0.0.0.0:8008\n', '  listen: 0.0.0.0:8008\n  certfile: /etc/a.crt\n']],
    on: 'server n2',
    silent: [
      ['n*.yml', '  listen: 0.0.0.0:8008\n', '  listen: 0.0.0.0:8008\n  certfile: /etc/a.crt\n'],
      ['haproxy.cfg', /check port/g, 'check check-ssl verify required port'],
    ],
  },
  'cluster/restapi-client-certificate': {
    fires: [
      [
        'n*.yml',
        '  listen: 0.0.0.0:8008\n',
        '  listen: 0.0.0.0:8008\n  certfile: /etc/a.crt\n  verify_client: required\n',
      ],
      ['haproxy.cfg', /check port/g, 'check check-ssl verify required port'],
    ],
    on: 'server n1',
    silent: [
      [
        'n*.yml',
        '  listen: 0.0.0.0:8008\n',
        '  listen: 0.0.0.0:8008\n  certfile: /etc/a.crt\n  verify_client: optional\n',
      ],
      ['haproxy.cfg', /check port/g, 'check check-ssl verify required port'],
    ],
  },
  'cluster/check-slower-than-failover': {
    fires: [['haproxy.cfg', 'inter 3s', 'inter 10s']],
    on: 'listen write',
    silent: [['haproxy.cfg', 'inter 3s fall 3', 'inter 10s fastinter 1s downinter 1s fall 2']],
  },
  'cluster/pooler-cannot-log-in': {
    fires: [['n*.yml', hbaAll, '        - host all all 10.0.0.0/8 gss\n']],
    on: 'gss',
    silent: [['n*.yml', hbaAll, `        - host all +people 10.9.0.0/16 gss\n${hbaAll}`]],
  },
  'cluster/pooler-secret': {
    fires: [['pgbouncer.ini', database, `${database} user=app`]],
    on: 'user=app',
    silent: [
      ['pgbouncer.ini', database, `${database} user=app`],
      ['n*.yml', hbaAll, '        - host all all 10.0.0.0/8 md5\n'],
    ],
  },
  'cluster/pooler-hash': {
    fires: [['n*.yml', parameters, `${parameters}        password_encryption: md5\n`]],
    on: 'auth_type',
    silent: [['n*.yml', parameters, `${parameters}        password_encryption: scram-sha-256\n`]],
  },
}
