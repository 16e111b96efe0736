/** How HAProxy finds out who leads: the checks of its servers. */

import {askedFor, checkPort, isTurned, roleAsked} from '../../haproxy/check.ts'
import {type HaproxyProxy, type HaproxyServer, isChecked, isForReading} from '../../haproxy/proxies.ts'
import {nearest} from '../../words/did-you-mean.ts'
import {hostPort, type Place, sameHost} from '../../words/place.ts'
import {choosing, memberAddresses} from '../members.ts'
import type {Files} from '../read/read.ts'
import type {Found, Rule} from '../rule.ts'

const manual = 'HAProxy, configuration manual'

export const haproxyChecks: readonly Rule[] = [
  {
    id: 'haproxy/no-role-check',
    severity: 'error',
    about: 'nothing asks who leads: every server that runs gets writes, and a replica answers that it is read-only',
    source: `${manual}: option httpchk; Patroni, docs/rest_api.rst`,
    fix: 'option httpchk OPTIONS /primary, and check port 8008 at each server',
    find: files =>
      writing(files)
        .filter(proxy => !asksRole(proxy) && !hasBackups(proxy) && proxy.check?.overridden === undefined)
        .map(({section}) => ({place: section.place})),
  },
  {
    id: 'haproxy/check-asks-another',
    severity: 'error',
    about: 'the check asks another member than the one that gets the clients: writes go to a replica',
    source: `${manual}: addr, track (server)`,
    fix: 'no addr, or an address of the same host',
    find: files =>
      choosing(files)
        .filter(asksRole)
        .flatMap(proxy => strangers(files, proxy)),
  },
  {
    id: 'haproxy/static-order',
    severity: 'error',
    about: '`backup` orders the servers without asking who leads: after a failover writes go to a replica',
    source: `${manual}: backup`,
    fix: 'option httpchk OPTIONS /primary, check port 8008 at each server, and no backup',
    find: files =>
      writing(files)
        .filter(proxy => !asksRole(proxy))
        .flatMap(({servers}) =>
          servers
            .filter(({options}) => options.has('backup'))
            .slice(0, 1)
            .map(({place}) => ({place})),
        ),
  },
  {
    id: 'haproxy/check-overridden',
    severity: 'error',
    about: 'the later kind of check counts: the question who leads is never asked',
    source: `${manual}; tried with 3.0.11: the port got no request, the server stayed up`,
    fix: 'keep option httpchk alone',
    find: files =>
      choosing(files).flatMap(({check}) => {
        const before = check?.overridden
        const isLost = before?.words[1]?.text === 'httpchk' && roleAsked(check) === undefined
        return check !== undefined && isLost
          ? [
              {
                place: check.line.place,
                says: `option ${check.line.words[1]?.text} takes the place of the option httpchk above: who leads is never asked`,
              },
            ]
          : []
      }),
  },
  {
    id: 'haproxy/check-true-for-several',
    severity: 'warning',
    about: 'this question is answered with 200 by the primary and by replicas: writes and reads go to any of them',
    source: 'Patroni, api.py: do_GET',
    fix: 'option httpchk OPTIONS /primary',
    find: files =>
      asking(files, 'several')
        .filter(proxy => isNotForReading(proxy) || !isReadOnly(proxy))
        .map(({check}) =>
          saysPath(check, 'is answered with 200 by the primary and by replicas', 'of the primary and of replicas'),
        ),
  },
  {
    id: 'haproxy/read-only-serves-primary',
    severity: 'advice',
    about: 'the port for reading also leads to the primary',
    source: 'Patroni, docs/rest_api.rst: GET /read-only, GET /replica',
    fix: 'option httpchk OPTIONS /replica, where the primary is to be spared',
    find: files => [
      ...asking(files, 'several')
        .filter(proxy => isForReading(proxy) && isReadOnly(proxy))
        .map(({check}) => saysPath(check, 'is also answered with 200 by the primary', 'of the primary, too')),
      ...choosing(files)
        .filter(proxy => isForReading(proxy) && !asksRole(proxy))
        .map(({section}) => ({
          place: section.place,
          says: 'nothing asks who is a replica: the primary gets reads too',
        })),
    ],
  },
  {
    id: 'haproxy/check-never-true',
    severity: 'error',
    about: 'Patroni answers this question with 503 always: no server is ever up',
    source: 'Patroni, api.py: do_GET (of an unknown path the status stays 503)',
    fix: 'one of /primary, /replica, /read-only',
    find: files =>
      asking(files, 'nobody').map(({check}) => {
        const meant = nearest(check?.path ?? '', [
          '/primary',
          '/replica',
          '/read-only',
          '/leader',
          '/health',
          '/sync',
          '/async',
        ])
        return saysPath(
          check,
          `is answered with 503 always${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`,
          'of no member',
        )
      }),
  },
  {
    id: 'haproxy/check-on-postgres-port',
    severity: 'error',
    about: 'no `port`: HTTP is asked of PostgreSQL itself, and the server is always down',
    source: `${manual}: port (server)`,
    fix: 'check port 8008',
    find: files =>
      choosing(files)
        .filter(asksHttp)
        .flatMap(({servers, check}) =>
          servers
            .filter(
              server =>
                isChecked(server) &&
                server.address.port !== undefined &&
                !server.options.has('track') &&
                !server.options.has('addr') &&
                !server.options.has('agent-check') &&
                checkPort(server, check) === server.address.port,
            )
            .map(({place}) => ({place})),
        ),
  },
  {
    id: 'haproxy/server-without-check',
    severity: 'error',
    about: 'a server without `check` is always up: it gets clients whatever its role',
    source: `${manual}: check (server)`,
    fix: 'check port 8008',
    find: files =>
      choosing(files)
        .filter(asksHttp)
        .flatMap(({servers}) =>
          servers.filter(server => !isChecked(server) && !server.options.has('disabled')).map(({place}) => ({place})),
        ),
  },
  {
    id: 'haproxy/no-shutdown-sessions',
    severity: 'warning',
    about:
      'sessions to the old primary stay open when it is marked down: their clients wait, or write to one that does not lead',
    source: 'Patroni, issue 421, pull request 614; HAProxy, configuration manual: on-marked-down',
    fix: 'default-server on-marked-down shutdown-sessions',
    find: files =>
      writing(files)
        .filter(
          ({check, servers}) =>
            check !== undefined &&
            servers.some(isChecked) &&
            servers.some(
              server => isChecked(server) && server.options.get('on-marked-down')?.value !== 'shutdown-sessions',
            ),
        )
        .map(({section}) => ({place: section.place})),
  },
  {
    id: 'haproxy/send-overrides',
    severity: 'advice',
    about: 'http-check send takes the place of the method and path of option httpchk',
    source: `${manual}; tried with 3.0.11`,
    fix: 'say it in one of the two',
    find: files =>
      choosing(files).flatMap(({check}) => {
        const words = check?.line.words.slice(2).map(({text}) => text) ?? []
        const isOther = words.length > 0 && check !== undefined && !words.includes(check.path)
        return check?.by === 'httpchk' && isOther
          ? [{place: check.line.place, says: `http-check send asks for ${check.path.replace(/\?.*$/, '')} instead`}]
          : []
      }),
  },
  {
    id: 'haproxy/httpchk-header',
    severity: 'error',
    about: 'headers behind the version of HTTP: HAProxy 3.0 refuses to start',
    source: `${manual}: option httpchk; tried with 3.0.11`,
    fix: 'http-check send ver HTTP/1.1 hdr Host NAME',
    find: files =>
      choosing(files).flatMap(({check}) => {
        const words = check?.by === 'httpchk' ? check.line.words : []
        return words.length > 5 || /[\r\n]/.test(words[4]?.text ?? '')
          ? [{place: words[4]?.place ?? check?.line.place ?? nowhere}]
          : []
      }),
  },
  {
    id: 'haproxy/httpchk-glued',
    severity: 'warning',
    about: 'method and path are one word: HAProxy takes both for the path, which works by accident',
    source: `${manual}: option httpchk; Patroni, api.py: 'primary' in path`,
    fix: 'a blank between them: OPTIONS /primary',
    find: files =>
      choosing(files).flatMap(({check}) => {
        const word = check?.by === 'httpchk' ? check.line.words[2] : undefined
        return word !== undefined && /^(OPTIONS|GET|HEAD|POST|PUT)\//i.test(word.text) ? [{place: word.place}] : []
      }),
  },
  {
    id: 'haproxy/replicas-by-503',
    severity: 'warning',
    about: '503 is also the answer of a member that is starting, ill or excluded: clients come to it',
    source: 'Patroni, api.py: do_GET',
    fix: 'option httpchk OPTIONS /replica, and http-check expect status 200',
    find: files =>
      choosing(files)
        .filter(asksHttp)
        .flatMap(({check}) => (check !== undefined && isTurned(check) ? [{place: check.line.place}] : [])),
  },
  {
    id: 'haproxy/default-server-after-server',
    severity: 'warning',
    about: 'default-server is for the servers below it: those above do not have what it says',
    source: `${manual}: default-server; tried with 3.0.11`,
    fix: 'move it above the servers',
    find: files => choosing(files).flatMap(({lateDefaults}) => lateDefaults.map(({place}) => ({place}))),
  },
  {
    id: 'haproxy/interval-in-ms',
    severity: 'error',
    about: 'a number without a unit is in milliseconds',
    source: `${manual}: 2.5 time format; tried with 3.0.11: inter 5 gave 6 ms`,
    fix: 'with its unit: 3s',
    find: files =>
      choosing(files).flatMap(({servers, timeouts}) => [
        ...servers.flatMap(shortIntervals),
        ...[...timeouts.values()].flatMap(({words}) => tooShort(words[1]?.text ?? '', words[2])),
      ]),
  },
  {
    id: 'haproxy/no-timeout-check',
    severity: 'advice',
    about: 'without `timeout check` the whole check, connect and answer, has to be done within inter',
    source: `${manual}: timeout check`,
    fix: 'timeout check 5s',
    find: files =>
      choosing(files)
        .filter(proxy => asksHttp(proxy) && asksItself(proxy) && !proxy.timeouts.has('check'))
        .map(({section}) => ({place: section.place})),
  },
  {
    id: 'haproxy/check-without-verify',
    severity: 'advice',
    about: 'the check takes any certificate: whoever answers on this port says who leads',
    source: `${manual}: verify (server)`,
    fix: 'verify required ca-file FILE',
    find: files =>
      choosing(files).flatMap(({servers}) =>
        servers
          .filter(
            ({options}) => (options.has('check-ssl') || options.has('ssl')) && options.get('verify')?.value === 'none',
          )
          .slice(0, 1)
          .map(({place}) => ({place})),
      ),
  },
]

const nowhere: Place = {file: '', line: 1, column: 1}

/** Proxies that clients write through, as far as names tell. */
function writing(files: Files): readonly HaproxyProxy[] {
  return choosing(files).filter(isNotForReading)
}

function isNotForReading(proxy: HaproxyProxy): boolean {
  return !isForReading(proxy)
}

function asksHttp({check}: HaproxyProxy): boolean {
  return check?.asksHttp === true
}

/** A program or a query of its own may ask anything. */
function asksRole({check}: HaproxyProxy): boolean {
  return roleAsked(check) !== undefined
}

function asksItself({servers}: HaproxyProxy): boolean {
  return servers.some(server => isChecked(server) && server.tracked === undefined)
}

/** Whom the check of a server asks: another address than its own, or the server that it tracks. */
function askedHost(server: HaproxyServer): string {
  const {options, address} = askedFor(server)
  const addr = options.get('addr')
  return addr === undefined ? address.host : hostPort({text: addr.value, place: addr.place}).host
}

/** One whose check asks a host that is another server's, or that another server asks on the same port. */
function strangers(files: Files, proxy: HaproxyProxy): Found[] {
  const {servers, check} = proxy
  const members = memberAddresses(files)
  return servers.filter(isChecked).flatMap((server): Found[] => {
    const {address, name, place} = server
    const host = askedHost(server)
    if (sameHost(host, address.host)) return []
    const isOfOther = [...members, ...servers.map(one => one.address)].some(one => sameHost(one.host, host))
    const isAskedTwice = servers.some(
      one =>
        !sameHost(one.address.host, address.host) &&
        sameHost(askedHost(one), host) &&
        checkPort(one, check) === checkPort(server, check),
    )
    if (!isOfOther && !isAskedTwice) return []
    return [
      {
        place,
        says: `${name} is ${address.host}, and its check asks ${host}: it gets clients by the role of another member`,
      },
    ]
  })
}

/** Patroni's own word for a port that is for reads and leads to the primary too. */
function isReadOnly({check}: HaproxyProxy): boolean {
  return /^\/read-only/.test(check?.path ?? '')
}

function hasBackups({servers}: HaproxyProxy): boolean {
  return servers.some(({options}) => options.has('backup'))
}

function asking(files: Files, ...who: readonly string[]): readonly HaproxyProxy[] {
  return choosing(files).filter(
    ({check}) => check?.asksHttp === true && !isTurned(check) && who.includes(roleAsked(check) ?? ''),
  )
}

/** Conditions behind a path may be a secret, and logs of CI are read by many. */
function saysPath(check: HaproxyProxy['check'], byStatus: string, byBody: string): Found {
  const path = check?.path.replace(/\?.*$/, '')
  const says =
    check?.body === undefined
      ? `${path} ${byStatus}`
      : `what \`http-check expect\` looks for stands in the answer ${byBody}, asked with ${check.method} ${path}`
  return {place: check?.line.place ?? nowhere, says}
}

function shortIntervals(server: HaproxyServer): Found[] {
  return ['inter', 'fastinter', 'downinter'].flatMap(key => {
    const own = server.options.get(key)
    return tooShort(key, own === undefined ? undefined : {text: own.value, place: own.place})
  })
}

function tooShort(key: string, word: {readonly text: string; readonly place: Place} | undefined): Found[] {
  if (word === undefined || !/^\d{1,2}$/.test(word.text) || word.text === '0') return []
  return [{place: word.place, says: `${key} ${word.text} is ${word.text} milliseconds`, fix: `${key} ${word.text}s`}]
}
