/** A unit of systemd: sections of keys, of which the last one counts; a # or ; begins a line of comment. */
import type {Place, Word} from '../../words/place.ts'

export interface UnitFile {
  readonly kind: 'systemd'
  readonly file: string
  /** Of the section `Service`, with the place of each value. */
  readonly service: ReadonlyMap<string, Word>
  readonly place: Place
}

export function readUnit(file: string, text: string): UnitFile {
  const service = new Map<string, Word>()
  let section = ''
  let place: Place = {file, line: 1, column: 1}
  for (const [index, line] of text.split('\n').entries()) {
    const [, name] = /^\[(.*)\]\s*$/.exec(line) ?? []
    if (name !== undefined) section = name
    if (name === 'Service') place = {file, line: index + 1, column: 1}
    const [, before = '', key = '', value = ''] = /^(([A-Za-z]+)\s*=\s*)(.*?)\s*$/.exec(line) ?? []
    if (section !== 'Service' || key === '') continue
    const word = {text: value, place: {file, line: index + 1, column: before.length + 1}}
    // Commands may be several: the one that starts the program is the last that is not empty.
    if (value !== '') service.set(key, word)
    else service.delete(key)
  }
  return {kind: 'systemd', file, service, place}
}

/** Whether it is the unit of Patroni itself, however that is started. */
export function startsPatroni({service}: UnitFile): boolean {
  return /(^|[\s/])patroni(\.py)?(\s|$)/.test(service.get('ExecStart')?.text ?? '')
}
