/** pgbouncer.ini: sections of keys; a ; or # begins a comment only where a line begins, and %include has more in another file. */
import type {Place, Word} from '../../words/place.ts'

export interface PgbouncerFile {
  readonly kind: 'pgbouncer'
  readonly file: string
  readonly settings: ReadonlyMap<string, Word & {readonly keyPlace: Place}>
  readonly databases: readonly PgbouncerDatabase[]
  readonly overridden: readonly {readonly key: string; readonly place: Place}[]
  /** What stands in other files. */
  readonly includes: readonly {readonly section: string; readonly place: Place}[]
  /** Settings of single users and of peers. */
  readonly others: readonly {readonly section: string; readonly place: Place}[]
}

export interface PgbouncerDatabase {
  readonly name: string
  readonly place: Place
  /** As it is written behind the name. */
  readonly text: string
  /** `host`, `port`, `user` ... */
  readonly options: ReadonlyMap<string, string>
}

export function readPgbouncer(file: string, text: string): PgbouncerFile {
  const settings = new Map<string, Word & {keyPlace: Place}>()
  const databases: PgbouncerDatabase[] = []
  const overridden: {key: string; place: Place}[] = []
  const includes: {section: string; place: Place}[] = []
  const others: {section: string; place: Place}[] = []
  let section = ''
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)
    if (header !== null) section = (header[1] ?? '').trim().toLowerCase()
    if (header !== null || /^\s*([;#]|$)/.test(line)) continue
    const at = {section, place: {file, line: index + 1, column: line.search(/\S/) + 1}}
    if (/^\s*%include\s/.test(line)) {
      includes.push(at)
      continue
    }
    if (section === 'users' || section === 'peers') others.push(at)
    const [whole = '', before = '', key = '', between = '', value = ''] =
      /^(\s*)("[^"]*"|[^=\s]+)(\s*=\s*)(.*?)\s*$/.exec(line) ?? []
    if (whole === '') continue
    const keyPlace = {file, line: index + 1, column: before.length + 1}
    const place = {...keyPlace, column: before.length + key.length + between.length + 1}
    if (section === 'databases')
      databases.push({name: key.replaceAll('"', ''), place, text: value, options: connection(value)})
    if (section !== 'pgbouncer') continue
    const earlier = settings.get(key)
    if (earlier !== undefined) overridden.push({key, place: earlier.keyPlace})
    settings.set(key, {text: value, place, keyPlace})
  }
  return {kind: 'pgbouncer', file, settings, databases, overridden, includes, others}
}

/** `host=10.0.0.1 port=5432 user='a b'`. */
function connection(written: string): ReadonlyMap<string, string> {
  const pairs = written.matchAll(/([a-z_]+)\s*=\s*('(?:[^']|'')*'|\S+)/g)
  return new Map([...pairs].map(([, key = '', value = '']) => [key, value.replace(/^'|'$/g, '').replaceAll("''", "'")]))
}
