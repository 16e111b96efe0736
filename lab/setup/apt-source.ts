/**
 * What apt knows on this machine about where its packages come from, and from that a source for another Debian suite of
 * the same mirror. Formats: sources.list(5), one-line (`.list`) and deb822 (`.sources`).
 */

import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {own} from '../words/own.ts'

/** One `deb` entry or stanza that is in force. */
export interface AptSource {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** The other fields in deb822 spelling, e.g. {'Signed-By': '/usr/share/keyrings/x.gpg'}; values may span lines. */
  readonly options: Readonly<Record<string, string>>
}

/** Our own files; each name contains the suite, so that people see what they are for. */
export const trixieSourceFile = 'sources.list.d/pgha-lab-trixie.sources'
export const trixiePreferencesFile = 'preferences.d/pgha-lab-trixie'

/** Every source of the machine but ours, in apt's order: sources.list, then the parts by name. */
export function readAptSources(etc = '/etc/apt'): AptSource[] {
  const parts = join(etc, 'sources.list.d')
  const files = [
    join(etc, 'sources.list'),
    ...(existsSync(parts)
      ? readdirSync(parts)
          .sort()
          .map(name => join(parts, name))
      : []),
  ]
  return files
    .filter(file => existsSync(file) && basename(file) !== basename(trixieSourceFile))
    .flatMap(file => {
      if (file.endsWith('.list')) return parseOneLine(readFileSync(file, 'utf8'))
      if (file.endsWith('.sources')) return parseDeb822(readFileSync(file, 'utf8'))
      return [] // apt ignores other endings too
    })
}

/** `deb [signed-by=/x arch=amd64,arm64] uri suite component...`, one a line. */
export function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap(line => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line)
    if (!match) return []
    const [, options = '', uri = '', suite = '', components = ''] = match
    return [{uris: [uri], suites: [suite], components: words(components), options: oneLineOptions(options)}]
  })
}

/** sources.list(5): the options have the names of the deb822 fields, but for these. */
const fieldNames: Readonly<Record<string, string>> = {arch: 'Architectures', lang: 'Languages', target: 'Targets'}

function oneLineOptions(text: string): Record<string, string> {
  const pairs = words(text).flatMap(word => {
    const match = /^([a-z-]+)=(.*)$/i.exec(word)
    if (!match?.[1] || match[2] === undefined) return []
    const name = match[1].toLowerCase()
    return [[own(fieldNames, name) ?? capitalised(name), match[2].replaceAll(',', ' ')] as const]
  })
  return Object.fromEntries(pairs)
}

/** `signed-by` is `Signed-By`. */
function capitalised(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
}

const placeFields = ['types', 'uris', 'suites', 'components', 'enabled', 'x-repolib-name']

/** Stanzas apart by empty lines; a line that begins with white space continues the field above it. */
export function parseDeb822(text: string): AptSource[] {
  const withoutComments = text.split('\n').filter(line => !line.startsWith('#'))
  return withoutComments
    .join('\n')
    .split(/\n[ \t]*\n/)
    .flatMap(stanza => {
      const fields = new Map<string, {name: string; value: string}>()
      for (const match of stanza.matchAll(/^([A-Za-z0-9-]+):[ \t]*(.*(?:\n[ \t]+.*)*)/gm))
        fields.set(match[1]!.toLowerCase(), {name: match[1]!, value: match[2]!.trimEnd()})
      const list = (name: string) => words(fields.get(name)?.value ?? '')
      const isOff = /^(no|false|off|0|without|disable)$/i.test(fields.get('enabled')?.value ?? '')
      if (isOff || !list('types').includes('deb')) return []
      const options = [...fields]
        .filter(([key]) => !placeFields.includes(key))
        .map(([key, {value}]) => [capitalised(key), value] as const)
      return [
        {
          uris: list('uris'),
          suites: list('suites'),
          components: list('components'),
          options: Object.fromEntries(options),
        },
      ]
    })
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(word => word !== '')
}

/** Names under which a mirror carries Debian itself; Ubuntu's and other vendors' suites are named otherwise. */
const debianSuites = [
  'bullseye',
  'bookworm',
  'trixie',
  'forky',
  'duke',
  'sid',
  'oldoldstable',
  'oldstable',
  'stable',
  'testing',
  'unstable',
]

/** The first source that carries Debian itself (not its security or updates archive); null where there is none. */
export function debianMirror(sources: readonly AptSource[]): AptSource | null {
  return (
    sources.find(
      one =>
        one.components.includes('main') &&
        one.suites.some(suite => debianSuites.includes(suite)) &&
        one.uris.some(uri => !uri.startsWith('cdrom:')),
    ) ?? null
  )
}

/**
 * The text of a deb822 source for `suite` at the same mirror. A key file that is named for another release can't have
 * signed this one: then Debian's whole keyring is named instead.
 */
export function sourceFor(
  suite: string,
  mirror: AptSource,
  keyring = '/usr/share/keyrings/debian-archive-keyring.gpg',
) {
  const options = Object.entries(mirror.options).map(([name, value]) =>
    name === 'Signed-By' && /debian-archive-[a-z]+-(stable|automatic)/.test(value)
      ? `${name}: ${keyring}\n`
      : `${name}: ${value}\n`,
  )
  const uris = mirror.uris.filter(uri => !uri.startsWith('cdrom:'))
  return `# pgha-lab: a newer Docker than this release has; see preferences.d for what may come from here.
Types: deb
URIs: ${uris.join(' ')}
Suites: ${suite}
Components: main
${options.join('')}`
}

/** Preferences (apt_preferences(5)) that let only `packages` come from `suite`, and nothing else of it, ever. */
export function pinOnly(suite: string, packages: readonly string[]): string {
  return `# pgha-lab: from ${suite} come these packages and nothing else.
Package: *
Pin: release n=${suite}
Pin-Priority: -1

Package: ${packages.join(' ')}
Pin: release n=${suite}
Pin-Priority: 990
`
}
