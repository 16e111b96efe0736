/** A unit of systemd: sections of keys, of which the last one counts; a # or ; begins a line of comment. */
import type {Place, Word} from '../../words/place.ts'

export interface UnitFile {
  readonly kind: 'systemd'
  readonly file: string
  /** Of the section `Service`, with the place of each value. */
  readonly service: ReadonlyMap<string, Word>
  /** The program that it starts and its arguments, without quotes; what systemd or a shell would put in stays as it is written. */
  readonly start: readonly Word[]
  /** Each KEY=value that it has itself. */
  readonly environment: readonly Word[]
  readonly place: Place
}

export function readUnit(file: string, text: string): UnitFile {
  const service = new Map<string, Word>()
  const words = new Map<string, Word[]>()
  let section = ''
  let place: Place = {file, line: 1, column: 1}
  // The key whose value goes on: a backslash ends a line, not the value.
  let open: string | undefined
  for (const [index, line] of text.split('\n').entries()) {
    if (open !== undefined && /^\s*[#;]/.test(line)) continue
    const [, name] = open === undefined ? (/^\[(.*)\]\s*$/.exec(line) ?? []) : []
    if (name !== undefined) section = name
    if (name === 'Service') place = {file, line: index + 1, column: 1}
    const [, before = '', named = '', rest = ''] =
      open === undefined ? (/^(([A-Za-z]+)\s*=\s*)(.*?)\s*$/.exec(line) ?? []) : ['', '', open, line]
    const isOpen = rest.endsWith('\\')
    const value = isOpen ? rest.slice(0, -1) : rest
    if (section === 'Service' && named !== '') {
      const at = {file, line: index + 1, column: before.length + 1}
      const more = wordsOf(value, at)
      if (open !== undefined) {
        const earlier = service.get(named) ?? {text: '', place: at}
        service.set(named, {...earlier, text: `${earlier.text} ${value.trim()}`.trim()})
        words.get(named)?.push(...more)
      } else if (value !== '' || isOpen) {
        // Commands may be several: the one that starts the program is the last that is not empty.
        service.set(named, {text: value.trim(), place: at})
        words.set(named, named === 'Environment' ? [...(words.get(named) ?? []), ...more] : more)
      } else {
        service.delete(named)
        words.delete(named)
      }
    }
    open = isOpen ? named : undefined
  }
  const of = (key: string) => words.get(key) ?? []
  return {kind: 'systemd', file, service, start: of('ExecStart'), environment: of('Environment'), place}
}

function wordsOf(text: string, {file, line, column}: Place): Word[] {
  return [...text.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g)].map(({0: written, index}) => ({
    text: written.replace(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
      (_, double?: string, single?: string) => double ?? single ?? '',
    ),
    place: {file, line, column: column + index},
  }))
}

/** Whether it is the unit of Patroni itself, however that is started. */
export function startsPatroni({service}: UnitFile): boolean {
  return /(^|[\s/])patroni(\.py)?(\s|$)/.test(service.get('ExecStart')?.text ?? '')
}
