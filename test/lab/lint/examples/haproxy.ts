/** Of each rule about a haproxy.cfg a mistake, and what looks like it. */
import type {Example} from './example.ts'

const httpchk = '  option httpchk OPTIONS /primary\n'
/** The same question, written out. */
const byHand = String.raw`  option tcp-check
  tcp-check connect port 8008
  tcp-check send "OPTIONS /primary HTTP/1.0\r\n\r\n"
  tcp-check expect rstring ^HTTP/1..\ 200
`
/** PostgreSQL itself is asked whether it is in recovery: `f` is the primary. */
const query = `  option tcp-check
  tcp-check connect
  tcp-check send-binary 0000002100030000757365720068617063686b006461746162617365006100
  tcp-check send-binary 51
  tcp-check send-binary 00000020
  tcp-check send-binary 73656c6563742070675f69735f696e5f7265636f7665727928293b00
  tcp-check expect binary 66
`
/** Patroni's state in full, with a role in its body. */
const inBody = String.raw`  option httpchk GET /patroni
  http-check expect rstring \"role\":\ \"(primary|master)\"
`
const write = 'listen write\n'
const plain = (options: string) =>
  [1, 2, 3].map(n => `  server n${n} 10.0.0.${n}:5432 ${options.replace('%', `${n}`)}\n`).join('')
const n3 = '  server n3 10.0.0.3:5432 check port 8008\n'

export const haproxy: Readonly<Record<string, Example>> = {
  'haproxy/no-role-check': {
    fires: [['haproxy.cfg', httpchk, '  option tcp-check\n']],
    on: 'listen write',
    silent: [
      // The pooler of its own host: there is nothing to choose.
      ['haproxy.cfg', write, `listen own\n  bind *:5009\n  server pool 127.0.0.1:6432\n${write}`],
      ['haproxy.cfg', httpchk, byHand],
      // What is off gets nobody; what another server is asked is asked of this one; a query asks, and so does a program.
      [
        'haproxy.cfg',
        write,
        `listen old\n  disabled\n  bind *:5001\n${plain('check')}listen beside\n  bind *:5008\n  default-server on-marked-down shutdown-sessions\n${plain('track write/n%')}${write}`,
      ],
      [
        'haproxy.cfg',
        write,
        `listen sql\n  bind *:5006\n${query}${plain('check on-marked-down shutdown-sessions')}${write}`,
      ],
      [
        'haproxy.cfg',
        write,
        `listen own\n  bind *:5007\n  option external-check\n${plain('check on-marked-down shutdown-sessions')}${write}`,
      ],
    ],
  },
  'haproxy/check-asks-another': {
    fires: [['haproxy.cfg', /check port 8008/g, 'check addr 10.0.0.3 port 8008']],
    on: 'server n1',
    // An address beside that of PostgreSQL; and one host, told apart by ports.
    silent: [
      ['haproxy.cfg', /server n(\d) (.*) check/g, 'server n$1 $2 check addr 10.9.0.$1'],
      [
        'haproxy.cfg',
        write,
        `listen beside\n  bind *:5008\n  default-server on-marked-down shutdown-sessions\n${plain('track write/n%')}${write}`,
      ],
    ],
  },
  'haproxy/name-unknown': {
    fires: [['haproxy.cfg', write, `frontend in\n  bind *:5010\n  default_backend nosuch\n${write}`]],
    on: 'default_backend nosuch',
    silent: [
      [
        'haproxy.cfg',
        write,
        `frontend in\n  bind *:5010\n  use_backend b-%[src]\n  default_backend write\nfrontend off\n  disabled\n  default_backend nosuch\n${write}`,
      ],
    ],
  },
  'haproxy/bad-value': {
    fires: [['haproxy.cfg', 'fall 3', 'fall 0']],
    on: 'fall 0',
    silent: [
      ['haproxy.cfg', 'inter 3s fall 3', 'inter 3000000us fall 3 weight 0 slowstart 0'],
      ['haproxy.cfg', 'timeout client 30m', 'timeout client "$IDLE"'],
      ['haproxy.cfg', 'timeout check 5s', 'timeout check 5s\n  timeout queue 0'],
    ],
  },
  'haproxy/unit-with-more': {
    fires: [['haproxy.cfg', 'inter 3s', 'inter 3sec']],
    on: 'inter 3sec',
    silent: [['haproxy.cfg', 'inter 3s', 'inter 3000ms']],
  },
  'haproxy/check-not-undone': {
    fires: [['haproxy.cfg', httpchk, `  no option httpchk\n${httpchk}`]],
    on: 'no option httpchk',
    silent: [['haproxy.cfg', httpchk, `  no option log-health-checks\n${httpchk}`]],
  },
  'haproxy/no-timeouts': {
    fires: [['haproxy.cfg', '  timeout server 30m\n', '']],
    on: 'listen write',
    silent: [['haproxy.cfg', write, `listen stats\n  mode http\n  bind *:7000\n${write}`]],
  },
  'haproxy/static-order': {
    fires: [
      ['haproxy.cfg', httpchk, '  option pgsql-check user monitor\n'],
      ['haproxy.cfg', 'n2 10.0.0.2:5432 check', 'n2 10.0.0.2:5432 backup check'],
    ],
    on: 'server n2',
    silent: [['haproxy.cfg', 'n2 10.0.0.2:5432 check', 'n2 10.0.0.2:5432 backup check']],
  },
  'haproxy/check-overridden': {
    fires: [['haproxy.cfg', httpchk, `${httpchk}  option tcp-check\n`]],
    on: 'option tcp-check',
    silent: [
      // The other order is harmless.
      ['haproxy.cfg', httpchk, `  option tcp-check\n${httpchk}`],
      ['haproxy.cfg', 'listen readers\n  bind *:5001\n', `listen readers\n  bind *:5001\n  option httpchk\n${byHand}`],
    ],
  },
  'haproxy/check-true-for-several': {
    fires: [['haproxy.cfg', '/primary', '/health']],
    on: '/health',
    silent: [
      ['haproxy.cfg', ' OPTIONS /primary', ''],
      // The body of the answer decides here, and only the primary has this in its own.
      [
        'haproxy.cfg',
        write,
        `listen body\n  bind *:5006\n${inBody}${plain('check port 8008 on-marked-down shutdown-sessions')}${write}`,
      ],
    ],
  },
  'haproxy/read-only-serves-primary': {
    fires: [['haproxy.cfg', '/replica', '/read-only']],
    on: '/read-only',
    silent: [['haproxy.cfg', '/replica', '/replica?lag=1MB']],
  },
  'haproxy/check-never-true': {
    fires: [['haproxy.cfg', '/primary', '/prmary']],
    on: '/prmary',
    silent: [['haproxy.cfg', '/primary', '/master']],
  },
  'haproxy/check-on-postgres-port': {
    fires: [['haproxy.cfg', 'n2 10.0.0.2:5432 check port 8008', 'n2 10.0.0.2:5432 check']],
    on: 'server n2',
    silent: [
      ['haproxy.cfg', /check port 8008/g, 'check'],
      ['haproxy.cfg', /default-server /g, 'default-server port 8008 '],
    ],
  },
  'haproxy/server-without-check': {
    fires: [['haproxy.cfg', 'n2 10.0.0.2:5432 check port 8008', 'n2 10.0.0.2:5432']],
    on: 'server n2',
    silent: [
      ['haproxy.cfg', /^( {2}default-server) (.*)$/gm, '$1 check $2'],
      ['haproxy.cfg', 'n2 10.0.0.2:5432 check port 8008', 'n2 10.0.0.2:5432 port 8008'],
    ],
  },
  'haproxy/no-shutdown-sessions': {
    fires: [['haproxy.cfg', ' on-marked-down shutdown-sessions', '']],
    on: 'listen write',
    silent: [
      ['haproxy.cfg', ' on-marked-down shutdown-sessions', ''],
      ['haproxy.cfg', 'timeout check 5s', 'timeout check 5s\n  default-server on-marked-down shutdown-sessions'],
    ],
  },
  'haproxy/send-overrides': {
    fires: [['haproxy.cfg', httpchk, `${httpchk}  http-check send meth GET uri /leader\n`]],
    on: 'option httpchk OPTIONS /primary',
    silent: [['haproxy.cfg', httpchk, '  option httpchk\n  http-check send meth GET uri /primary\n']],
  },
  'haproxy/httpchk-header': {
    fires: [['haproxy.cfg', httpchk, '  option httpchk OPTIONS /primary HTTP/1.1\\r\\nHost:\\ db\n']],
    on: 'HTTP/1.1',
    silent: [['haproxy.cfg', httpchk, '  option httpchk OPTIONS /primary HTTP/1.1\n']],
  },
  'haproxy/httpchk-glued': {
    fires: [['haproxy.cfg', 'OPTIONS /primary', 'OPTIONS/primary']],
    on: 'OPTIONS/primary',
    silent: [['haproxy.cfg', 'OPTIONS /primary', '/primary']],
  },
  'haproxy/replicas-by-503': {
    fires: [['haproxy.cfg', /(OPTIONS) \/replica\n(.*) 200/, '$1 /primary\n$2 503']],
    on: 'option httpchk OPTIONS /primary',
    silent: [['haproxy.cfg', '  http-check expect status 200\n', '']],
  },
  'haproxy/default-server-after-server': {
    fires: [['haproxy.cfg', n3, `${n3}  default-server rise 3\n`]],
    on: 'default-server rise 3',
    silent: [['haproxy.cfg', write, `backend odd\n  default-server rise 3\n${write}`]],
  },
  'haproxy/interval-in-ms': {
    fires: [['haproxy.cfg', 'inter 3s', 'inter 5']],
    on: 'inter 5',
    silent: [['haproxy.cfg', 'inter 3s', 'inter 2000']],
  },
  'haproxy/no-timeout-check': {
    fires: [['haproxy.cfg', '  timeout check 5s\n', '']],
    on: 'listen write',
    silent: [
      ['haproxy.cfg', '  timeout check 5s\n', ''],
      ['haproxy.cfg', /^( {2}option httpchk .*)$/gm, '$1\n  timeout check 2s'],
    ],
  },
  'haproxy/check-without-verify': {
    fires: [
      ['haproxy.cfg', /check port/g, 'check check-ssl verify none port'],
      ['n*.yml', '  listen: 0.0.0.0:8008\n', '  listen: 0.0.0.0:8008\n  certfile: /etc/a.crt\n'],
    ],
    on: 'server n1',
    silent: [
      ['haproxy.cfg', /check port/g, 'check check-ssl verify required ca-file /etc/ca.crt port'],
      ['n*.yml', '  listen: 0.0.0.0:8008\n', '  listen: 0.0.0.0:8008\n  certfile: /etc/a.crt\n'],
    ],
  },
  'haproxy/idle-timeout': {
    fires: [['haproxy.cfg', 'timeout client 30m', 'timeout client 60s']],
    on: 'timeout client 60s',
    silent: [['haproxy.cfg', write, `listen stats\n  mode http\n  timeout client 10s\n  bind *:7000\n${write}`]],
  },
  'haproxy/maxconn-below-postgres': {
    fires: [['haproxy.cfg', 'maxconn 2000', 'maxconn 100']],
    on: 'maxconn 100',
    silent: [['haproxy.cfg', 'check port 8008', 'maxconn 100 check port 8008']],
  },
  'haproxy/hostname-without-resolvers': {
    fires: [['haproxy.cfg', /10\.0\.0\.(\d):5432/g, 'db$1:5432']],
    on: 'db1:5432',
    silent: [['haproxy.cfg', /10\.0\.0\.(\d):5432/g, 'db$1:5432 resolvers dns']],
  },
  'haproxy/mode-http': {
    fires: [['haproxy.cfg', 'mode tcp', 'mode http']],
    on: 'listen write',
    silent: [
      ['haproxy.cfg', 'mode tcp', 'mode http'],
      ['haproxy.cfg', /^listen (write|readers)$/gm, 'listen $1\n  mode tcp'],
    ],
  },
  'haproxy/outside-section': {
    fires: [['haproxy.cfg', 'global\n', 'scope: ledger\nglobal\n']],
    on: 'scope: ledger',
    silent: [['haproxy.cfg', 'global\n', '# scope\n.notice "here it begins"\nglobal\n']],
  },
  'haproxy/unknown-word': {
    fires: [['haproxy.cfg', 'timeout client', 'timout client']],
    on: 'timout client',
    silent: [
      ['haproxy.cfg', 'global\n', 'global\n  stats socket /run/a.sock mode 660 level admin\n  nbproc 1\n'],
      ['haproxy.cfg', write, `${write}  no option tcpka\n  stick-table type ip size 1m\n  option tcp-smart-connect\n`],
      ['haproxy.cfg', 'check port 8008', 'check port 8008 cookie inter source 0.0.0.0 usesrc clientip check-ssl'],
    ],
  },
  'haproxy/defaults-unknown': {
    fires: [['haproxy.cfg', write, 'listen write from base\n']],
    on: 'listen write from base',
    silent: [
      ['haproxy.cfg', 'defaults\n', 'defaults base\n'],
      ['haproxy.cfg', write, 'listen write from base\n'],
    ],
  },
  'haproxy/section-twice': {
    fires: [['haproxy.cfg', 'listen readers', 'listen write']],
    on: 'listen write',
    silent: [
      [
        'haproxy.cfg',
        write,
        `frontend in\n  bind *:5010\n  default_backend in\nbackend in\n  mode http\n  server a 10.0.9.9:80\n${write}`,
      ],
    ],
  },
  'haproxy/bind-twice': {
    fires: [['haproxy.cfg', 'bind *:5001', 'bind :4999-5001']],
    on: 'bind :4999-5001',
    silent: [
      ['haproxy.cfg', 'bind *:5001', 'bind 10.0.0.7:5000,:5001-5009'],
      ['haproxy.cfg', write, `listen old\n  disabled\n  bind *:5000\n${write}`],
    ],
  },
  'haproxy/send-proxy-to-postgres': {
    fires: [['haproxy.cfg', 'n2 10.0.0.2:5432 check', 'n2 10.0.0.2:5432 send-proxy check']],
    on: 'server n2',
    silent: [['haproxy.cfg', 'n2 10.0.0.2:5432 check', 'n2 10.0.0.2:6432 send-proxy check']],
  },
  'haproxy/ssl-to-postgres': {
    fires: [['haproxy.cfg', 'n2 10.0.0.2:5432 check', 'n2 10.0.0.2:5432 ssl verify required check']],
    on: 'server n2',
    silent: [['haproxy.cfg', 'n2 10.0.0.2:5432 check', 'n2 10.0.0.2:5432 ssl alpn postgresql verify required check']],
  },
  'haproxy/no-last-newline': {
    fires: [['haproxy.cfg', /8008\n$/, '8008']],
    on: 'server n3',
    silent: [['haproxy.cfg', /8008\n$/, '8008\n# the end\n\n']],
  },
  'haproxy/server-twice': {
    fires: [['haproxy.cfg', 'server n3', 'server n2']],
    on: 'server n2 10.0.0.3',
    silent: [],
  },
}
