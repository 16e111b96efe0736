/** keepalived's configuration of one host (keepalived 2.2 and 2.3): VRRP by unicast, and a script that asks the HAProxy beside it. */
import {type KeepalivedSettings, priorityOf, virtualAddress} from '../lab/topology/keepalived.ts'
import {type Allocation, type HostName, hostsWith, type Topology} from '../lab/topology/topology.ts'
import {addressStandIns} from './stand-ins.ts'

type Words = readonly (string | number)[]

interface Block {
  readonly head: Words
  readonly about?: string
  readonly lines: readonly (Words | Block)[]
}

const check = 'haproxy'

export function keepalived(topology: Topology, allocation: Allocation, host: HostName): string {
  const {keepalived: settings} = topology
  if (settings === undefined) throw new TypeError(`the topology says nothing of keepalived, which runs on ${host}`)
  const addressOf = (name: HostName) => allocation.addresses[name] ?? ''
  const peers = hostsWith(topology, 'keepalived').filter(one => one !== host)
  const instance: Block = {
    about: 'All begin as a backup: whoever hears of nobody above it takes the address.',
    head: ['vrrp_instance', 'entry'],
    lines: [
      ['state', 'BACKUP'],
      ...(settings.preempt ? [] : [['nopreempt']]),
      ['interface', 'eth0'],
      ['virtual_router_id', 51],
      ['priority', priorityOf(topology, host)],
      ['advert_int', settings.advertIntSeconds],
      ['unicast_src_ip', addressOf(host)],
      {head: ['unicast_peer'], lines: peers.map(peer => [addressOf(peer)])},
      {head: ['virtual_ipaddress'], lines: [[`${virtualAddress(allocation)}/24`, 'dev', 'eth0']]},
      ...(settings.check === 'none' ? [] : [{head: ['track_script'], lines: [[check]]}]),
      ...addressStandIns(topology),
    ],
  }
  return [
    block({head: ['global_defs'], lines: [['router_id', host], ['script_user', 'root'], ['enable_script_security']]}),
    ...(settings.check === 'none' ? [] : [block(script(settings))]),
    block(instance),
  ].join('\n')
}

function script({intervalSeconds, fall, rise, weight}: KeepalivedSettings): Block {
  return {
    about:
      weight === undefined
        ? 'Without a weight: a host whose HAProxy does not answer gives the address up at once.'
        : 'With a weight: a host whose HAProxy does not answer has another priority, and keeps the address if that is still the highest.',
    head: ['vrrp_script', check],
    lines: [
      ['script', '/usr/local/bin/haproxy-answers'],
      ['interval', intervalSeconds],
      ['timeout', 2],
      ['fall', fall],
      ['rise', rise],
      ...(weight === undefined ? [] : [['weight', weight]]),
    ],
  }
}

function block({head, about, lines}: Block, indent = ''): string {
  const body = lines.map(line =>
    'head' in line ? block(line, `${indent}    `) : `${indent}    ${printWords(line as Words)}\n`,
  )
  const said = about === undefined ? '' : `${indent}# ${about}\n`
  return `${said}${indent}${printWords(head)} {\n${body.join('')}${indent}}\n`
}

/**
 * Words with blanks are quoted.
 * @throws TypeError for a word that keepalived could read as something else: braces, quotes, `!` and `#` are its own.
 */
function printWords(words: Words): string {
  const strange = words.find(word => !/^[\w.:/-]+( [\w.:/-]+)*$/.test(String(word)))
  if (strange !== undefined) throw new TypeError(`keepalived could misread the word ${JSON.stringify(strange)}`)
  return words.map(word => (/ /.test(String(word)) ? `"${word}"` : word)).join(' ')
}
