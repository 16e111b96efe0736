/** etcd's settings, from its YAML file or from the environment (`/etc/default/etcd`), under one name each: `initial-cluster`. */
import {type HostPort, hostPort, type Place, refuse, type Word} from '../../words/place.ts'
import type {Yaml, YamlMap} from './yaml.ts'

export interface EtcdFile {
  readonly kind: 'etcd'
  readonly file: string
  /** Where something is said that a file as a whole lacks. */
  readonly place: Place
  readonly settings: ReadonlyMap<string, Word>
  readonly yaml: Yaml | undefined
  readonly overridden: readonly {readonly key: string; readonly place: Place}[]
}

/** What the file has below these keys are flags of other names (embed/config.go: setupConfigSecurity). */
const nested: Readonly<Record<string, string>> = {
  'client-transport-security': '',
  'peer-transport-security': 'peer-',
}

export function etcdFromYaml(file: string, yaml: Yaml, root: YamlMap): EtcdFile {
  const settings = new Map(scalarsIn(root))
  for (const {key, value} of root.entries) {
    const before = Object.hasOwn(nested, key) ? nested[key] : undefined
    if (before === undefined || value.kind !== 'map') continue
    for (const [name, word] of scalarsIn(value)) settings.set(`${before}${name}`, word)
  }
  return {kind: 'etcd', file, place: root.place, settings, yaml, overridden: yaml.overridden}
}

function scalarsIn({entries}: YamlMap): readonly (readonly [string, Word])[] {
  return entries.flatMap(({key, value}) =>
    value.kind === 'scalar' && value.value !== null ? [[key, {text: value.text, place: value.place}] as const] : [],
  )
}

/** As systemd reads an EnvironmentFile: KEY=value, a # or ; begins a line of comment, quotes around a value. */
export function etcdFromEnvironment(file: string, text: string): EtcdFile {
  const settings = new Map<string, Word>()
  const overridden: {key: string; place: Place}[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [, before = '', key = '', written = ''] = /^(\s*(?:export\s+)?ETCD_)([A-Z0-9_]+)=(.*)$/.exec(line) ?? []
    if (key === '') continue
    const name = key.toLowerCase().replaceAll('_', '-')
    const place = {file, line: index + 1, column: before.length + key.length + 2}
    const earlier = settings.get(name)
    if (earlier !== undefined) overridden.push({key: `ETCD_${key}`, place: earlier.place})
    settings.set(name, {text: unquoted(written.trim(), place), place})
  }
  return {kind: 'etcd', file, place: {file, line: 1, column: 1}, settings, yaml: undefined, overridden}
}

function unquoted(written: string, place: Place): string {
  const quote = /^["']/.exec(written)?.[0]
  if (quote === undefined) return written.replace(/\s+#.*$/, '')
  const end = written.indexOf(quote, 1)
  if (end < 0) refuse('file/cut-off', place, ': a quote is not closed')
  return written.slice(1, end)
}

export interface EtcdMember {
  readonly name: string
  readonly url: string
  readonly host: string
  readonly place: Place
}

/** `initial-cluster`, with the comma at its end that etcd bears. */
export function membersOf({settings}: EtcdFile): readonly EtcdMember[] {
  const written = settings.get('initial-cluster')
  if (written === undefined) return []
  return written.text.split(',').flatMap(part => {
    const [, name = '', url = ''] = /^\s*([^=]+)=(.*)$/.exec(part) ?? []
    return name === '' ? [] : [{name: name.trim(), url: url.trim(), host: urlHost(url).host, place: written.place}]
  })
}

/** The host of `https://10.0.0.1:2380`. */
export function urlHost(url: string, place: Place = {file: '', line: 1, column: 1}): HostPort {
  return hostPort({
    text: url
      .trim()
      .replace(/^[a-z]+:\/\//i, '')
      .replace(/\/.*$/, ''),
    place,
  })
}

export interface EtcdUrl extends HostPort {
  readonly inTls: boolean
}

/** Of a setting with URLs and commas between them; none where it is not set. */
export function urlsOf({settings}: EtcdFile, key: string): readonly EtcdUrl[] {
  const written = settings.get(key)
  const urls = (written?.text ?? '').split(',').map(url => url.trim())
  return urls.flatMap(url =>
    written === undefined || url === ''
      ? []
      : [{...urlHost(url, written.place), text: url, inTls: /^(https|unixs):/i.test(url)}],
  )
}

export function nameOf({settings}: EtcdFile): string {
  return settings.get('name')?.text ?? 'default'
}
