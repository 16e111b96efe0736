/** Whether clients come through an entry at all, whoever leads: servers that are never up, and sections that turn everybody away. */

import {type HaproxyProxy, type HaproxyServer, isChecked} from '../haproxy/proxies.ts'
import type {HaproxyLine} from '../haproxy/read.ts'
import {type Place, sayPlace} from '../words/place.ts'
import {lint} from './lint.ts'
import type {Files} from './read/read.ts'

/** Mistakes with which the check of a server never succeeds. */
const neverUp: ReadonlySet<string> = new Set([
  ...['cluster/restapi-tls-mismatch', 'cluster/restapi-client-certificate'],
  ...['haproxy/check-on-postgres-port', 'haproxy/check-never-true'],
])

export interface Shut {
  readonly place: Place
  readonly why: string
}

/** Why no client comes through this entry, with the place of the first reason; undefined where some may. */
export function shut(files: Files, proxy: HaproxyProxy): Shut | undefined {
  const refused = refusing(proxy).find(({isForAll}) => isForAll)
  if (refused !== undefined) return {place: refused.line.place, why: 'every client is rejected'}
  const {findings} = lint(files)
  const reasons = proxy.servers.map((server): Shut | undefined => {
    const {place} = server
    if (isDisabled(server)) return {place, why: 'it is disabled'}
    if (hasNoWeight(server)) return {place, why: 'its weight is 0'}
    if (!isChecked(server)) return undefined
    const places = [place, server.tracked?.server.place, proxy.check?.line.place].flatMap(one =>
      one === undefined ? [] : [sayPlace(one)],
    )
    const found = findings.find(one => neverUp.has(one.rule.id) && places.includes(sayPlace(one.place)))
    return found === undefined ? undefined : {place: found.place, why: found.rule.about}
  })
  return reasons.every(one => one !== undefined) ? reasons[0] : undefined
}

/** Of two contrary words the later one counts, and a server's own after those of `default-server`. */
export function isDisabled({own, options}: HaproxyServer): boolean {
  return isLast('disabled', 'enabled', own) ?? isLast('disabled', 'enabled', options) ?? false
}

export function isBackup({own, options}: HaproxyServer): boolean {
  return isLast('backup', 'no-backup', own) ?? isLast('backup', 'no-backup', options) ?? false
}

function isLast(word: string, contrary: string, options: HaproxyServer['options']): boolean | undefined {
  const last = [...options.keys()].findLast(one => one === word || one === contrary)
  return last === undefined ? undefined : last === word
}

export function hasNoWeight({options}: HaproxyServer): boolean {
  return /^0+$/.test(options.get('weight')?.value ?? '')
}

/** Lines that turn clients away before any server is chosen. */
export function refusing({entrance, section}: HaproxyProxy): readonly {line: HaproxyLine; isForAll: boolean}[] {
  return [...new Set([...entrance, ...section.lines])].flatMap(line => {
    const [first, ...said] = line.words.map(({text}) => text)
    if (first === 'disabled') return [{line, isForAll: true}]
    const isRule = first === 'tcp-request' || first === 'http-request'
    const action = said[first === 'tcp-request' ? 1 : 0] ?? ''
    if (!isRule || !/^(reject|deny|silent-drop|tarpit)$/.test(action)) return []
    return [{line, isForAll: !said.some(word => word === 'if' || word === 'unless')}]
  })
}
