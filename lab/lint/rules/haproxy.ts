/** The rest of a haproxy.cfg: time-outs, limits, modes, names. */

import {bindsOf, type HaproxyProxy, isOff, isPooler, missingLimits} from '../../haproxy/proxies.ts'
import type {HaproxySection} from '../../haproxy/read.ts'
import {haproxyTime} from '../../haproxy/read.ts'
import {isAddress} from '../../words/place.ts'
import {choosing, postgresProxies} from '../members.ts'
import type {Files} from '../read/read.ts'
import type {Found, Rule} from '../rule.ts'
import {parametersOf} from './patroni-timings.ts'

const manual = 'HAProxy, configuration manual'

export const haproxyRules: readonly Rule[] = [
  {
    id: 'haproxy/idle-timeout',
    severity: 'warning',
    about: 'cuts sessions that are idle for a minute or less: a pool finds its connections dead',
    source: `${manual}: timeout client, timeout server; 7 of 17 public files`,
    fix: 'timeout client 30m and timeout server 30m, longer than a pool keeps a session',
    find: files =>
      postgresProxies(files).flatMap(({timeouts}) =>
        ['client', 'server'].flatMap(side => {
          const line = timeouts.get(side)
          const ms = haproxyTime(line?.words[2]?.text ?? '')
          if (line === undefined || ms === undefined || ms > 60_000 || ms < 100) return []
          return [
            {place: line.place, says: `timeout ${side} ${line.words[2]?.text} cuts sessions that are idle for so long`},
          ]
        }),
      ),
  },
  {
    id: 'haproxy/no-timeouts',
    severity: 'warning',
    about:
      'a limit that is not set, or 0, is none: sessions to a host that is gone stay, and connections to it are tried, for ever',
    source: `${manual}: timeout client, timeout connect, timeout server; HAProxy warns: missing timeouts for proxy`,
    fix: 'timeout connect 5s, timeout client 30m and timeout server 30m, in `defaults`',
    find: files =>
      postgresProxies(files).flatMap(proxy => {
        const missing = missingLimits(proxy).map(key => `timeout ${key}`)
        const says = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set: HAProxy has no limit then`
        return missing.length === 0 ? [] : [{place: proxy.section.place, says}]
      }),
  },
  {
    id: 'haproxy/maxconn-below-postgres',
    severity: 'advice',
    about: 'global maxconn is for all entries together, and no more than one PostgreSQL takes',
    source: `${manual}: maxconn (global); 17 of 19 public files`,
    fix: 'a global maxconn above the sum of what its entries are to take',
    find: files =>
      files.haproxy.flatMap(({sections}) => {
        const line = sections.find(({type}) => type === 'global')?.lines.find(({words}) => words[0]?.text === 'maxconn')
        const most = Number(line?.words[1]?.text)
        const servers = parametersOf(files, 'max_connections').map(({text}) => Number(text))
        if (
          line === undefined ||
          !(most <= 100 || servers.some(one => most < one)) ||
          postgresProxies(files).length === 0
        )
          return []
        return [
          {
            place: line.place,
            says: `global maxconn ${most} is for all entries together, and no more than one PostgreSQL takes`,
          },
        ]
      }),
  },
  {
    id: 'haproxy/hostname-without-resolvers',
    severity: 'advice',
    about: 'a name is looked up once, when HAProxy starts: a member that gets another address is not found',
    source: `${manual}: resolvers, init-addr`,
    fix: 'addresses, or a section resolvers',
    find: files =>
      postgresProxies(files).flatMap(({servers}) =>
        servers
          .filter(
            ({address, options}) =>
              !isAddress(address.host) && !/^(localhost|[/@]|\$|unix@)/.test(address.host) && !options.has('resolvers'),
          )
          .slice(0, 1)
          .map(({place}) => ({place})),
      ),
  },
  {
    id: 'haproxy/mode-http',
    severity: 'error',
    about: 'mode http, which PostgreSQL does not speak: no client gets through',
    source: `${manual}: mode`,
    fix: 'mode tcp in this section',
    find: files =>
      postgresProxies(files)
        .filter(({mode}) => mode?.words[1]?.text === 'http')
        .map(({section, mode}) => ({
          // Said in its own section it stands there, else it is inherited.
          place: mode !== undefined && section.lines.includes(mode) ? mode.place : section.place,
        })),
  },
  {
    id: 'haproxy/section-twice',
    severity: 'error',
    about: 'two proxies of one name: HAProxy refuses to start',
    source: `${manual}: 4. Proxies`,
    fix: 'a name of its own for each',
    find: files =>
      files.haproxy
        .filter(({hasConditions}) => !hasConditions)
        .flatMap(({sections}) => {
          const seen = new Set<string>()
          return sections.flatMap(section => {
            const sides = sidesOf(section)
            const isTwice = sides.some(side => seen.has(side))
            for (const side of sides) seen.add(side)
            return isTwice ? [{place: section.place, says: `a second ${section.type} is called ${section.name}`}] : []
          })
        }),
  },
  {
    id: 'haproxy/bind-twice',
    severity: 'error',
    about: 'two proxies listen on one port: the kernel gives each some of the clients, or HAProxy does not start',
    source: `${manual}: bind`,
    fix: 'a port of its own for each',
    find: files =>
      files.haproxy
        .filter(({hasConditions}) => !hasConditions)
        .flatMap(({sections}) => {
          const seen = new Set<string>()
          return sections
            .filter(({lines}) => !isOff(lines))
            .flatMap(section =>
              bindsOf(section).flatMap(({text, place, port, host}) => {
                const key = `${host === '' || host === '0.0.0.0' ? '*' : host}:${port}`
                const isTwice = port !== undefined && seen.has(key)
                seen.add(key)
                return isTwice ? [{place, says: `${text} is listened on above already`}] : []
              }),
            )
            .filter(({place}, index, all) => all.findIndex(one => one.place === place) === index)
        }),
  },
  {
    id: 'haproxy/send-proxy-to-postgres',
    severity: 'error',
    about: 'PostgreSQL does not speak the PROXY protocol: every connection ends at once',
    source: 'PostgreSQL, frontend/backend protocol; HAProxy, configuration manual: send-proxy',
    fix: 'take send-proxy out',
    find: files => servers(files, options => options.has('send-proxy') || options.has('send-proxy-v2')),
  },
  {
    id: 'haproxy/ssl-to-postgres',
    severity: 'error',
    about: '`ssl` begins TLS at once, and PostgreSQL expects a request for it first',
    source: 'PostgreSQL, frontend/backend protocol: SSL; since 17 direct TLS with ALPN postgresql',
    fix: 'take ssl out: TLS of clients goes through mode tcp; check-ssl is for the check',
    find: files =>
      servers(files, options => options.has('ssl') && !/postgresql/.test(options.get('alpn')?.value ?? '')),
  },
  {
    id: 'haproxy/no-last-newline',
    severity: 'error',
    about: 'the last line has no line break: HAProxy takes the file for cut off and refuses to start',
    source: 'HAProxy 2.3 and later: Missing LF on last line, file might have been truncated',
    fix: 'end the file with a line break',
    find: files => files.haproxy.flatMap(({unfinished}) => (unfinished === undefined ? [] : [{place: unfinished}])),
  },
  {
    id: 'haproxy/server-twice',
    severity: 'error',
    about: 'two servers of one name in a proxy: HAProxy refuses to start',
    source: `${manual}: server`,
    fix: 'a name of its own for each',
    find: files =>
      choosing(files).flatMap(({servers: all, file}) => {
        const seen = new Set<string>()
        return all.flatMap(({name, place}) => {
          const isTwice = seen.has(name) && !file.hasConditions
          seen.add(name)
          return isTwice ? [{place, says: `a second server is called ${name}`}] : []
        })
      }),
  },
]

/** `listen` is a frontend and a backend in one. */
function sidesOf({type, name}: HaproxySection): readonly string[] {
  if (name === '' || !/^(listen|frontend|backend)$/.test(type)) return []
  return [...(type === 'backend' ? [] : [`frontend ${name}`]), ...(type === 'frontend' ? [] : [`backend ${name}`])]
}

function servers(files: Files, isWrong: (options: HaproxyProxy['servers'][number]['options']) => boolean): Found[] {
  return postgresProxies(files).flatMap(({servers: all}) =>
    // What a pooler speaks depends on its release.
    all.filter(server => !isPooler(server) && isWrong(server.options)).map(({place}) => ({place})),
  )
}
