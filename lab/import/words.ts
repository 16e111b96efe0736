/** Which words of somebody's files say who they are: hosts, addresses and secrets, of which none may stand in a file of the lab. */

import {proxiesOf} from '../haproxy/proxies.ts'
import {hostsBehind} from '../lint/as-topology.ts'
import {isFileOf, isMachineOf} from '../lint/machines.ts'
import {membersOf, urlHost} from '../lint/read/etcd.ts'
import type {Files} from '../lint/read/read.ts'
import {isLoopback, isWildcard} from '../words/place.ts'
import {leaves} from './change.ts'

export interface TheirWords {
  /** Their word, and the host of the lab that stands for it. */
  readonly hosts: ReadonlyMap<string, string>
  readonly secrets: ReadonlySet<string>
  /** Whether a text may stand in a file of the lab. */
  readonly isOurs: (text: string) => boolean
}

export function theirWords(files: Files, texts: readonly string[]): TheirWords {
  const hosts = hostWords(files)
  const secrets = new Set(secretsIn(files).filter(text => text !== ''))
  const named = [...hosts.keys(), ...secrets, ...texts.flatMap(addressesIn)].filter(word => !isNobodys(word))
  const tokens = new Set(named.map(word => word.toLowerCase()))
  const longer = [...tokens].filter(word => word.length > 3)
  const isOurs = (text: string) => {
    const said = text.toLowerCase()
    return !said.split(/[^\p{L}\p{N}_.-]+/u).some(word => tokens.has(word)) && !longer.some(word => said.includes(word))
  }
  return {hosts, secrets, isOurs}
}

function isNobodys(word: string): boolean {
  return word === '' || isLoopback(word) || isWildcard(word)
}

function hostWords(files: Files): ReadonlyMap<string, string> {
  const behind = hostsBehind(files)
  const hosts = new Map(behind.map(({host, theirs}) => [theirs, host]))
  const alias = (word: string | undefined, host: string | undefined) => {
    if (word !== undefined && host !== undefined && !isNobodys(word) && !hosts.has(word)) hosts.set(word, host)
  }
  for (const file of files.patroni) {
    const host = behind.find(({theirs}) => isFileOf(file, theirs))?.host
    for (const word of [file.address?.host, file.name?.text, file.restapi.address?.host]) alias(word, host)
  }
  // What else a member is called where etcd and proxies name it.
  for (const {endpoints} of files.patroni.flatMap(({etcd}) => etcd ?? []))
    for (const {host} of endpoints) alias(host, behind.find(({theirs}) => isMachineOf(files, theirs, host))?.host)
  for (const file of files.etcd) for (const {name, host} of membersOf(file)) alias(name, hosts.get(host))
  for (const file of files.haproxy)
    for (const {servers} of proxiesOf(file)) for (const {name, address} of servers) alias(name, hosts.get(address.host))
  // Whom no host of the lab stands for: their names are theirs nevertheless.
  const others = [
    ...files.patroni.flatMap(({name, address, restapi, etcd}) => [
      name?.text,
      address?.host,
      restapi.address?.host,
      ...(etcd?.endpoints ?? []).map(({host}) => host),
    ]),
    ...files.etcd.flatMap(file => membersOf(file).flatMap(({name, url}) => [name, urlHost(url).host])),
    ...files.haproxy.flatMap(file =>
      proxiesOf(file).flatMap(({servers}) => servers.flatMap(({name, address}) => [name, address.host])),
    ),
    ...files.pgbouncer.flatMap(({databases}) => databases.map(({options}) => options.get('host'))),
  ]
  for (const word of others) alias(word, 'elsewhere')
  return hosts
}

/** Addresses, names with a dot, what stands before or behind an @, and what a URL names, wherever they stand. */
function addressesIn(text: string): readonly string[] {
  const found = text.match(
    /[a-z][a-z\d+.-]*:\/\/[^\s"']+|[\w.+-]+@[\w.-]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|(?:[\da-f]{0,4}:){2,}[\da-f]{0,4}|\b[a-z\d-]+(?:\.[a-z\d-]+)*\.[a-z][a-z\d-]+\b/gi,
  )
  return (found ?? []).flatMap(word => [word, ...word.split(/[:/@\s]+/)]).filter(word => /[.:@]/.test(word))
}

function secretsIn(files: Files): readonly string[] {
  const yaml = [...files.patroni, ...files.dynamic].flatMap(({root}) => (root.kind === 'map' ? leaves(root) : []))
  return [
    ...yaml.flatMap(({path, node}) =>
      node.kind === 'scalar' &&
      path.some(key => /pass|secret|token|private/i.test(key) && key !== 'password_encryption')
        ? [node.text]
        : [],
    ),
    ...files.etcd.flatMap(({settings}) =>
      [...settings].flatMap(([key, {text}]) => (/token|pass/.test(key) && !/ttl/.test(key) ? [text] : [])),
    ),
    ...files.haproxy.flatMap(({sections}) =>
      sections.flatMap(({lines}) =>
        lines.flatMap(({words}) => {
          const said = words.map(({text}) => text)
          const at = said.findIndex(word => /^(auth|password|insecure-password|secret)$/.test(word))
          return at < 0 ? [] : (said[at + 1] ?? '').split(':')
        }),
      ),
    ),
    ...files.pgbouncer.flatMap(({databases, settings}) => [
      ...databases.map(({options}) => options.get('password') ?? ''),
      ...[...settings].flatMap(([key, {text}]) => (/pass/.test(key) ? [text] : [])),
    ]),
    ...files.keepalived.flatMap(({blocks}) =>
      blocks.flatMap(block =>
        block.blocks.flatMap(({lines}) =>
          lines.flatMap(([key, value]) => (key?.text === 'auth_pass' ? [value?.text ?? ''] : [])),
        ),
      ),
    ),
  ]
}
