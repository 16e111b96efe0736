/** Files to values: which program reads it is found by what is in it, and refused is what is no configuration but something around one. */

import {type HaproxyFile, readHaproxy} from '../../haproxy/read.ts'
import {LabError} from '../../words/errors.ts'
import {type Place, refuse} from '../../words/place.ts'
import {readText} from '../../words/read-text.ts'
import {keepalivedBlocks} from '../keepalived-words.ts'
import {etcdKeys} from '../known-keys.ts'
import {type EtcdFile, etcdFromEnvironment, etcdFromYaml} from './etcd.ts'
import {withUnits} from './etcd-unit.ts'
import {type KeepalivedFile, readKeepalived} from './keepalived.ts'
import {type Kind, kinds} from './kinds.ts'
import {type DynamicFile, type PatroniFile, patroniFile} from './patroni.ts'
import {type PgbouncerFile, readPgbouncer} from './pgbouncer.ts'
import {readUnit, type UnitFile} from './systemd.ts'
import {readYaml, type YamlMap, type YamlNode} from './yaml.ts'

type ReadFile = PatroniFile | DynamicFile | HaproxyFile | EtcdFile | PgbouncerFile | KeepalivedFile | UnitFile

/** What a cluster is made of, as far as its files were given. */
export interface Files {
  readonly patroni: readonly PatroniFile[]
  readonly dynamic: readonly DynamicFile[]
  readonly haproxy: readonly HaproxyFile[]
  readonly etcd: readonly EtcdFile[]
  readonly pgbouncer: readonly PgbouncerFile[]
  readonly keepalived: readonly KeepalivedFile[]
  readonly systemd: readonly UnitFile[]
}

export interface Named {
  readonly file: string
  /** What a person says it is, when content and name do not tell. */
  readonly as?: Kind | undefined
}

/** @throws LabError `config` with the places of all that cannot be read: what is said of a half of a cluster would be wrong. */
export function readFiles(named: readonly Named[]): Files {
  const refused: string[] = []
  const read = named.flatMap(({file, as}) => {
    try {
      return [readConfiguration(file, readText(file, 'configuration'), as)]
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      refused.push(error.message)
      return []
    }
  })
  if (refused.length > 0) throw new LabError('config', refused.join('\n'))
  return filesOf(read)
}

export function filesOf(read: readonly ReadFile[]): Files {
  const of = <K extends Kind>(kind: K) => read.filter((one): one is Extract<ReadFile, {kind: K}> => one.kind === kind)
  return {
    patroni: of('patroni'),
    dynamic: of('show-config'),
    haproxy: inParts(of('haproxy')),
    etcd: withUnits(of('etcd'), of('systemd')),
    pgbouncer: of('pgbouncer'),
    keepalived: of('keepalived'),
    systemd: of('systemd'),
  }
}

/**
 * HAProxy reads the files of a folder as one: what has neither `global` nor `defaults` of its own is a part of the file before it that
 * begins one.
 */
function inParts(files: readonly HaproxyFile[]): readonly HaproxyFile[] {
  const isPart = ({sections}: HaproxyFile) => !sections.some(({type}) => type === 'global' || type === 'defaults')
  const whole: HaproxyFile[] = []
  const waiting = files.every(isPart) ? files : files.toSorted((a, b) => Number(isPart(a)) - Number(isPart(b)))
  for (const file of waiting) {
    const before = whole.at(-1)
    // Who has several proxies gives each its own parts.
    if (!isPart(file) || before === undefined || whole.length > 1) whole.push(file)
    else
      whole[whole.length - 1] = {
        ...before,
        sections: [...before.sections, ...file.sections],
        strays: [...before.strays, ...file.strays],
        hasConditions: before.hasConditions || file.hasConditions,
        unfinished: before.unfinished ?? file.unfinished,
      }
  }
  return whole
}

/** @throws LabError `config` */
export function readConfiguration(file: string, written: string, as?: Kind): ReadFile {
  const read = readAs(file, written, as)
  if (as !== undefined && hasNothingOfIts(read)) refuse('file/other-kind', {file, line: 1, column: 1}, ` (${as})`)
  return read
}

/** A finding needs something that is read: of a file of another program there would be none. */
function hasNothingOfIts(read: ReadFile): boolean {
  if (read.kind === 'keepalived') return !read.blocks.some(({type}) => keepalivedBlocks.includes(type))
  if (read.kind === 'pgbouncer')
    return [read.settings.size, read.databases.length, read.includes.length, read.others.length].every(one => one === 0)
  if (read.kind === 'systemd') return read.service.size === 0
  // A name alone have others as well.
  return read.kind === 'etcd' && ![...read.settings.keys()].some(key => key !== 'name' && etcdKeys.includes(key))
}

function readAs(file: string, written: string, as: Kind | undefined): ReadFile {
  const text = written.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  mustBeText(file, text)
  mustBeRendered(file, text)
  mustBeBare(file, text)
  mustBeNoEnvironment(file, text)
  const kind = as ?? kindByLines(text) ?? kindByName(file)
  if (kind === 'haproxy') return readHaproxy(file, text)
  if (kind === 'pgbouncer') return readPgbouncer(file, text)
  if (kind === 'keepalived') return readKeepalived(file, text)
  if (kind === 'systemd') return readUnit(file, text)
  if ((kind === 'etcd' || kind === undefined) && /^\s*(export\s+)?ETCD_[A-Z0-9_]+=/m.test(text))
    return etcdFromEnvironment(file, text)
  return readYamlFile(file, text, kind)
}

function readYamlFile(file: string, text: string, as: Kind | undefined): ReadFile {
  const yaml = readYaml(file, text)
  const {root} = yaml
  mustBeBareYaml(root, file)
  if (root.kind !== 'map') refuse('file/unknown-kind', root.place, asHint)
  const kind = as ?? kindByKeys(root) ?? refuse('file/unknown-kind', root.place, asHint)
  if (kind === 'etcd') return etcdFromYaml(file, yaml, root)
  return kind === 'show-config' ? {kind, file, yaml, root} : patroniFile(file, yaml, root)
}

const asHint = `; say whose it is: \`lint\` takes --as KIND=FILE (${kinds.join(', ')}), \`init\` --haproxy FILE and its like`

function mustBeText(file: string, text: string): void {
  // Of UTF-16 every second byte is NUL, or its mark is no UTF-8.
  const stray = /\0|\ufffd/.exec(text)
  if (stray === null) return
  const isComment = stray[0] !== '\0' && /^\s*[#;!]/.test(lineAt(text, stray.index))
  if (!isComment) refuse('file/not-text', placeAt(file, text, stray.index), ': binary, or not in UTF-8')
}

/** Of Jinja, ERB, Go and Terraform the first mark, which has marks that no configuration has. */
function mustBeRendered(file: string, text: string): void {
  for (const [index, line] of text.split('\n').entries()) {
    const bare = line.replace(/(^|\s)[#;].*$/, '$1')
    const mark = /\{\{.*\}\}|\{%-?\s.*%\}|<%[-=]?.*%>|%\{\s*(if|for|else|endif|endfor)\b.*\}|\$\{\w+\.[\w.]+\}/.exec(
      bare,
    )
    if (mark !== null)
      refuse(
        'file/template',
        {file, line: index + 1, column: mark.index + 1},
        ` (${shape(mark[0])}): give the rendered file`,
      )
  }
}

function shape(mark: string): string {
  return `${mark.slice(0, 2)} ... ${mark.endsWith('%}') || mark.endsWith('%>') || mark.endsWith('}}') ? mark.slice(-2) : '}'}`
}

const wrappers: readonly (readonly [RegExp, string])[] = [
  // Patroni's own, as one of its users begins its file.
  [/^#!(?!.*\bpatroni\s*$)/, 'a script'],
  [/^#cloud-config/, 'cloud-init'],
  [/^\s*(sudo\s+)?(cat|tee)\s.*<<-?\s*\S+|<<-?\s*['"]?(EOF|EOT|END)\b/, 'a shell here-document'],
  [/^\s*echo\s+["']/, 'a shell command'],
  [/^```/, 'a page'],
  [/^\s*(apiVersion|kind):\s/, 'a Kubernetes object'],
]

/** What Patroni and Spilo take from their environment is a part of a configuration, and in words of its own. */
function mustBeNoEnvironment(file: string, text: string): void {
  const found = /^[ \t]*(?:export[ \t]+)?(?:SPILO|PATRONI)_[A-Z0-9_]+=/m.exec(text)
  if (found === null) return
  const says = ': the environment of Patroni; give the file that is made of it, of Spilo /home/postgres/postgres.yml'
  refuse('file/wrapped', {...placeAt(file, text, found.index), column: 1}, says)
}

/** Only what begins a file, or cannot stand inside of one. */
function mustBeBare(file: string, text: string): void {
  let isFirst = true
  for (const [index, line] of text.split('\n').entries()) {
    const place = {file, line: index + 1, column: 1}
    const found = wrappers.find(
      ([mark], which) => mark.test(line) && (which > 1 || index === 0) && (which < 5 || isFirst),
    )
    if (found !== undefined) refuse('file/wrapped', place, `: ${found[1]}; give the file that the program itself reads`)
    if (line.trim() !== '' && !/^\s*(#|---)/.test(line)) isFirst = false
  }
}

function mustBeBareYaml(root: ReturnType<typeof readYaml>['root'], file: string): void {
  const refused = (what: string, place: Place) =>
    refuse('file/wrapped', place, `: ${what}; give the file that the program itself reads`)
  if (
    root.kind === 'list' &&
    root.items.some(item => item.kind === 'map' && item.entries.some(({key}) => /^(hosts|tasks|name|roles)$/.test(key)))
  )
    refused('a playbook', root.place)
  if (root.kind !== 'map') return
  const has = (key: string) => root.entries.some(entry => entry.key === key)
  if (has('services') && !has('scope')) refused(composeOf(root), root.place)
  if (has('apiVersion') && has('kind')) refused('a Kubernetes object', root.place)
  if (root.entries.length === 0) refuse('file/cut-off', {file, line: 1, column: 1}, ': there is nothing in it')
}

/** Of one with Patroni's environment it is said where the file is that is made of it. */
function composeOf(root: YamlMap): string {
  const isPatroni = leavesOf(root).some(text => /^(SPILO|PATRONI)_[A-Z0-9_]+(=|$)/.test(text))
  return isPatroni
    ? 'a Compose file with the environment of Patroni: its timings are in the image or in the DCS, so give /home/postgres/postgres.yml of each container of Spilo, or its patroni.yml with the output of `patronictl show-config`'
    : 'a Compose file'
}

/** Every key and every text. */
function leavesOf(node: YamlNode): readonly string[] {
  if (node.kind === 'scalar') return [node.text]
  if (node.kind === 'list') return node.items.flatMap(leavesOf)
  return node.entries.flatMap(({key, value}) => [key, ...leavesOf(value)])
}

function kindByLines(text: string): Kind | undefined {
  if (/^\[(Unit|Service|Install)\]\s*$/m.test(text)) return 'systemd'
  if (/^\s*\[(databases|pgbouncer)\]/m.test(text)) return 'pgbouncer'
  if (/^\s*(vrrp_instance|vrrp_script|vrrp_sync_group)\b/m.test(text)) return 'keepalived'
  if (/^(listen|frontend|backend)\s+\S+\s*(#.*)?$/m.test(text) || /^(global|defaults)\s*(#.*)?$/m.test(text))
    return 'haproxy'
  return undefined
}

function kindByName(file: string): Kind | undefined {
  const name = file.replace(/^.*[/\\]/, '').toLowerCase()
  if (/haproxy|\.cfg$/.test(name)) return 'haproxy'
  if (/pgbouncer|\.ini$/.test(name)) return 'pgbouncer'
  return /keepalived/.test(name) ? 'keepalived' : undefined
}

const etcdSigns =
  /^(initial-cluster(-state|-token)?|listen-(client|peer)-urls|(initial-)?advertise-(client|peer)-urls)$/
const patroniKeys = /^(scope|restapi|bootstrap|etcd3?|postgresql|patroni)$/
const dynamicKeys = /^(ttl|loop_wait|retry_timeout|maximum_lag_on_failover|synchronous_mode)$/

function kindByKeys({entries}: YamlMap): Kind | undefined {
  const has = (keys: RegExp) => entries.filter(({key}) => keys.test(key)).length
  if (has(etcdSigns) > 0) return 'etcd'
  // A misplaced ttl makes no show-config of a member's file.
  if (has(/^(scope|restapi|bootstrap|etcd3?)$/) > 0) return 'patroni'
  if (has(dynamicKeys) > 0) return 'show-config'
  return has(patroniKeys) > 0 ? 'patroni' : undefined
}

function lineAt(text: string, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
}

function placeAt(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n')
  return {file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1}
}
