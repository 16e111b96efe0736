/** HAProxy's configuration (HAProxy 2.6 to 3.2): writes on one port, reads on another, Patroni's REST API says who gets them. */
import {clusterOf} from '../lab/topology/clusters.ts'
import {labSections} from '../lab/topology/own-haproxy.ts'
import {type Allocation, type HostName, portNumber, portOf, servedAt, type Topology} from '../lab/topology/topology.ts'
import {keysOf} from './keys.ts'

/** A keyword and its arguments. */
type Words = readonly (string | number)[]

interface Section {
  readonly head: Words
  readonly about?: string
  readonly lines: readonly (Words | {readonly words: Words; readonly above?: string; readonly beside?: string})[]
}

/**
 * What the lab needs beside a haproxy.cfg of somebody's own: its admin socket, its log and the statistics that it reads, and an entry
 * for reads where theirs has none. HAProxy reads it first, so that a log of `global` is known to every section that logs there.
 */
export function besideOwn(topology: Topology, allocation: Allocation, proxy: HostName): string {
  const own = topology.haproxyFile?.own
  if (own === undefined) throw new TypeError('the lab has a haproxy.cfg of its own')
  const {lines} = global(topology)
  const limits: readonly Words[] = [
    ['timeout', 'connect', `${topology.haproxy.connectTimeoutMs}ms`],
    ['timeout', 'client', `${topology.haproxy.clientTimeoutMs}ms`],
    ['timeout', 'server', `${topology.haproxy.serverTimeoutMs}ms`],
  ]
  const replicas: Section = {
    about: 'Reads: the other file has no entry for them.',
    head: ['listen', labSections.replicas],
    lines: [
      ['bind', `*:${portOf(topology, proxy, 'replicas')}`],
      ['mode', 'tcp'],
      ...limits,
      ['timeout', 'check', `${topology.haproxy.checkTimeoutMs}ms`],
      checkTimes(topology),
      ...asking(topology, allocation, proxy, topology.haproxy.checkReplicas ?? '/replica'),
    ],
  }
  return printSections([
    // Its own limit of clients is theirs to say.
    {head: ['global'], lines: lines.filter(line => !('words' in line) && line[0] !== 'maxconn')},
    ...(own.replicas === undefined ? [replicas] : []),
    {...statistics(topology, proxy, labSections.stats), lines: [...limits, ...statistics(topology, proxy, '').lines]},
  ])
}

export function haproxy(topology: Topology, allocation: Allocation, proxy: HostName): string {
  const {checkPrimary = '/primary', checkReplicas = '/replica', balance = 'roundrobin'} = topology.haproxy
  const asks = (check: string) => asking(topology, allocation, proxy, check)
  return printSections([
    global(topology),
    defaults(topology),
    {
      about: `Read-write: ${about(checkPrimary, '/primary answers 200 only on the member that holds the leader key')}.`,
      head: ['listen', 'primary'],
      lines: [['bind', `*:${portOf(topology, proxy, 'primary')}`], ...asks(checkPrimary)],
    },
    {
      about: `Read-only, ${balance === 'roundrobin' ? 'round robin' : balance}: ${about(checkReplicas, '/replica answers 200 on running replicas')}.`,
      head: ['listen', 'replicas'],
      lines: [['bind', `*:${portOf(topology, proxy, 'replicas')}`], ['balance', balance], ...asks(checkReplicas)],
    },
    statistics(topology, proxy, 'stats'),
  ])
}

/** The check of an entry, and its servers. */
function asking(topology: Topology, allocation: Allocation, proxy: HostName, check: string): readonly Words[] {
  const {checkTls = topology.tls?.rest === true} = topology.haproxy
  const servers = (checked: Words) =>
    clusterOf(topology, proxy).members.map((host): Words => {
      const address = `${allocation.addresses[host]}:${portOf(topology, host, servedAt(topology, host))}`
      return ['server', host, address, ...checked]
    })
  if (check === 'none') return servers([])
  if (check === 'tcp') return servers(['check'])
  return [
    ['option', 'httpchk', 'OPTIONS', check],
    ['http-check', 'expect', 'status', 200],
    ...servers(['check', 'port', portNumber(topology, 'patroni'), ...(checkTls ? checkInTls(topology) : [])]),
  ]
}

function statistics(topology: Topology, proxy: HostName, name: string): Section {
  return {
    head: ['listen', name],
    lines: [
      ['bind', `*:${portOf(topology, proxy, 'stats')}`],
      ['mode', 'http'],
      ['no', 'log'],
      ['stats', 'enable'],
      ['stats', 'uri', '/'],
      ['stats', 'refresh', '2s'],
    ],
  }
}

/** Whoever asks for TLS where there is none, as somebody's cluster may, has nobody to verify. */
function checkInTls({tls}: Topology): Words {
  if (tls?.rest !== true) return ['check-ssl', 'verify', 'none']
  const {ca, own} = keysOf('haproxy')
  const shown = tls.restClients === 'required' ? ['crt', own] : []
  return ['check-ssl', 'verify', 'required', 'ca-file', ca, ...shown]
}

function about(check: string, usual: string): string {
  if (usual.startsWith(`${check} `)) return usual
  return check.startsWith('/')
    ? `asked is ${check}`
    : `asked is ${check === 'tcp' ? 'whether its port opens' : 'nothing'}`
}

function global({haproxy}: Topology): Section {
  return {
    head: ['global'],
    lines: [
      ['log', 'stdout', 'format', 'iso', 'local0'],
      ['maxconn', haproxy.maxconn ?? 2000],
      ['user', 'haproxy'],
      ['group', 'haproxy'],
      ['stats', 'socket', '/run/haproxy/admin.sock', 'mode', 660, 'level', 'admin'],
    ],
  }
}

function defaults({haproxy}: Topology): Section {
  const {connectTimeoutMs, checkTimeoutMs} = haproxy
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
        words: ['retries', haproxy.retries ?? 2],
        above:
          haproxy.redispatch === false
            ? 'A client that meets a dead server which is not yet marked down waits for that one.'
            : 'A client that meets a dead server which is not yet marked down is sent on to another one after a short wait.',
      },
      ...(haproxy.redispatch === false ? [] : [['option', 'redispatch', 1]]),
      ...(haproxy.tcpka === true ? [['option', 'tcpka']] : []),
      ['timeout', 'connect', `${connectTimeoutMs}ms`],
      ['timeout', 'client', `${haproxy.clientTimeoutMs}ms`],
      ['timeout', 'server', `${haproxy.serverTimeoutMs}ms`],
      ['timeout', 'check', `${checkTimeoutMs}ms`],
      {
        words: checkTimes({haproxy}),
        above: `\
inter: pause between checks of a healthy server, fastinter: while its state changes, downinter: while it is down.
A freshly started HAProxy takes every server for healthy until its first check.`,
      },
    ],
  }
}

function checkTimes({haproxy}: Pick<Topology, 'haproxy'>): Words {
  const {interMs, fastinterMs, downinterMs, fall, rise, onMarkedDown} = haproxy
  const markedDown = onMarkedDown === 'none' ? [] : ['on-marked-down', onMarkedDown]
  return [
    ...['default-server', 'inter', `${interMs}ms`, 'fastinter', `${fastinterMs}ms`],
    ...['downinter', `${downinterMs}ms`, 'fall', fall, 'rise', rise, ...markedDown],
  ]
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
  const strange = words.find(word => !/^[\w.:/*?=&-]+$/.test(String(word)))
  if (strange !== undefined) throw new TypeError(`HAProxy could misread the word ${JSON.stringify(strange)}`)
  return words.join(' ')
}

function comment(text: string, indent = ''): string {
  return text
    .split('\n')
    .map(line => `${indent}# ${line}`)
    .join('\n')
}
