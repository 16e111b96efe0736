/** etcd's settings where the unit that starts it has them: flags of its command, and `Environment`. */
import type {Word} from '../../words/place.ts'
import {type EtcdFile, nameOf} from './etcd.ts'
import type {UnitFile} from './systemd.ts'

/**
 * Every member's settings, each once: a unit that reads an environment from a file has it from those that are given. A flag counts
 * more than the environment, and of a config-file nothing else counts (etcdmain/config.go).
 */
export function withUnits(files: readonly EtcdFile[], units: readonly UnitFile[]): readonly EtcdFile[] {
  const all = units.filter(startsEtcd).map(unit => ({unit, ...settingsIn(unit)}))
  const starting = all.filter(({flags, own}) => !flags.has('config-file') && !own.has('config-file'))
  const fromFile = starting.filter(({unit}) => unit.service.has('EnvironmentFile'))
  const environments = files.filter(({yaml}) => yaml === undefined)
  const unitOf = (file: EtcdFile, index: number) => {
    // A name is one member's; else a unit is mostly the same on all hosts.
    const fitting = fromFile.filter(
      ({flags}) => flags.get('name') === undefined || flags.get('name')?.text === nameOf(file),
    )
    const own = fromFile.length === environments.length ? fromFile[index] : undefined
    return own !== undefined && fitting.includes(own) ? own : fitting[0]
  }
  const started = new Map(environments.map((file, index) => [file, unitOf(file, index)]))
  const alone = starting.filter(one => ![...started.values()].includes(one))
  return [
    ...files.map(file => {
      const of = started.get(file)
      return of === undefined ? file : {...file, settings: new Map([...of.own, ...file.settings, ...of.flags])}
    }),
    ...alone.flatMap(({unit: {file, place}, own, flags}): readonly EtcdFile[] => {
      const settings = new Map([...own, ...flags])
      return settings.size === 0 ? [] : [{kind: 'etcd', file, place, settings, yaml: undefined, overridden: []}]
    }),
  ]
}

function startsEtcd({start}: UnitFile): boolean {
  return programAt(start) >= 0
}

/** A shell may stand before it, and what systemd does with a command (systemd.service(5)). */
function programAt(start: readonly Word[]): number {
  return start.findIndex(({text}) => /^[-@:+!]*(\S*\/)?etcd$/.test(text))
}

function settingsIn({start, environment}: UnitFile) {
  const flags = new Map<string, Word>()
  const words = start.slice(programAt(start) + 1)
  for (const [index, {text, place}] of words.entries()) {
    const [, key = '', written] = /^--?([a-z][a-z\d-]*)(?:=(.*))?$/s.exec(text) ?? []
    const next = words[index + 1]
    if (key === '') continue
    const value = written ?? (next === undefined || next.text.startsWith('-') ? 'true' : next.text)
    if (isKnown(value)) flags.set(key, {text: value, place})
  }
  const own = new Map(
    environment.flatMap(({text, place}) => {
      const [, key, value = ''] = /^ETCD_([A-Z0-9_]+)=(.*)$/s.exec(text) ?? []
      return key === undefined || !isKnown(value)
        ? []
        : [[key.toLowerCase().replaceAll('_', '-'), {text: value, place}] as const]
    }),
  )
  return {flags, own}
}

/** Not put in by systemd or a shell only when it starts: a variable, or what systemd knows of the unit and the host. */
function isKnown(value: string): boolean {
  return !/\$|%[a-zA-Z]/.test(value)
}
