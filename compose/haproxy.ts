/** HAProxy's configuration (HAProxy 3.0): writes on one port, reads on another, Patroni's REST API says who gets them. */
import {type Allocation, type HostName, hostsWith, portOf, type Topology} from '../lab/topology/topology.ts'

/** A keyword and its arguments. */
type Words = readonly (string | number)[]

interface Section {
  readonly head: Words
  readonly about?: string
  readonly lines: readonly (Words | {readonly words: Words; readonly above?: string; readonly beside?: string})[]
}

export function haproxy(topology: Topology, allocation: Allocation, proxy: HostName): string {
  const servers = hostsWith(topology, 'patroni').map(host => [
    'server',
    host,
    `${allocation.addresses[host]}:${portOf(topology, host, 'postgres')}`,
    'check',
    'port',
    portOf(topology, host, 'patroni'),
  ])
  const asks = (path: string): readonly Words[] => [
    ['option', 'httpchk', 'OPTIONS', path],
    ['http-check', 'expect', 'status', 200],
    ...servers,
  ]
  return printSections([
    global,
    defaults(topology),
    {
      about: 'Read-write: /primary answers 200 only on the member that holds the leader key.',
      head: ['listen', 'primary'],
      lines: [['bind', `*:${portOf(topology, proxy, 'primary')}`], ...asks('/primary')],
    },
    {
      about: 'Read-only, round robin: /replica answers 200 on running replicas.',
      head: ['listen', 'replicas'],
      lines: [['bind', `*:${portOf(topology, proxy, 'replicas')}`], ['balance', 'roundrobin'], ...asks('/replica')],
    },
    {
      head: ['listen', 'stats'],
      lines: [
        ['bind', `*:${portOf(topology, proxy, 'stats')}`],
        ['mode', 'http'],
        ['no', 'log'],
        ['stats', 'enable'],
        ['stats', 'uri', '/'],
        ['stats', 'refresh', '2s'],
      ],
    },
  ])
}

const global: Section = {
  head: ['global'],
  lines: [
    ['log', 'stdout', 'format', 'iso', 'local0'],
    ['maxconn', 2000],
    ['user', 'haproxy'],
    ['group', 'haproxy'],
    ['stats', 'socket', '/run/haproxy/admin.sock', 'mode', 660, 'level', 'admin'],
  ],
}

function defaults({haproxy}: Topology): Section {
  const {interMs, fastinterMs, downinterMs, fall, rise, connectTimeoutMs, checkTimeoutMs} = haproxy
  return {
    head: ['defaults'],
    lines: [
      ['mode', 'tcp'],
      ['log', 'global'],
      ['option', 'tcplog'],
      {words: ['option', 'dontlog-normal'], beside: 'sessions that went wrong'},
      {
        words: ['option', 'log-health-checks'],
        beside: "each change of a server's health, with the check's result and duration",
      },
      {
        words: ['retries', 2],
        above:
          'A client that meets a dead server which is not yet marked down is sent on to another one after a short wait.',
      },
      ['option', 'redispatch', 1],
      ['timeout', 'connect', `${connectTimeoutMs}ms`],
      ['timeout', 'client', '30m'],
      ['timeout', 'server', '30m'],
      ['timeout', 'check', `${checkTimeoutMs}ms`],
      {
        words: [
          ...['default-server', 'inter', `${interMs}ms`, 'fastinter', `${fastinterMs}ms`],
          ...['downinter', `${downinterMs}ms`, 'fall', fall, 'rise', rise, 'on-marked-down', 'shutdown-sessions'],
        ],
        above: `\
inter: pause between checks of a healthy server, fastinter: while its state changes, downinter: while it is down.
A freshly started HAProxy takes every server for healthy until its first check.`,
      },
    ],
  }
}

function printSections(sections: readonly Section[]): string {
  return sections
    .map(({head, about, lines}) => {
      const body = lines.map(line => {
        const {words, above, beside} = 'words' in line ? line : {words: line, above: undefined, beside: undefined}
        const text = `    ${printWords(words)}${beside === undefined ? '' : `  ${comment(beside)}`}`
        return above === undefined ? text : `\n${comment(above, '    ')}\n${text}`
      })
      return `${[...(about === undefined ? [] : [comment(about)]), printWords(head), ...body].join('\n')}\n`
    })
    .join('\n')
}

/**
 * HAProxy splits at blanks and reads quotes, backslashes, `#` and `$` as its own; no word of ours needs any of them, so none is
 * quoted.
 * @throws TypeError for a word that it could read as something else.
 */
export function printWords(words: Words): string {
  const strange = words.find(word => !/^[\w.:/*-]+$/.test(String(word)))
  if (strange !== undefined) throw new TypeError(`HAProxy could misread the word ${JSON.stringify(strange)}`)
  return words.join(' ')
}

function comment(text: string, indent = ''): string {
  return text
    .split('\n')
    .map(line => `${indent}# ${line}`)
    .join('\n')
}
