/** Permanent replication slots of somebody's cluster that a lab can have. */
import {slotKind} from '../lint/read/patroni.ts'
import type {YamlMap} from '../lint/read/yaml.ts'
import {entriesAt, wordAt} from '../lint/read/yaml-path.ts'
import type {PermanentSlot} from '../topology/topology.ts'
import {appDatabase} from '../topology/topology.ts'
import type {Change} from './change.ts'
import type {TheirWords} from './words.ts'

/** What the image of the hosts has. */
const plugins = ['pgoutput', 'test_decoding']

export function slotsOf(
  dcs: YamlMap | undefined,
  walLevel: string | undefined,
  {isOurs, hosts}: TheirWords,
): {readonly kept: Readonly<Record<string, PermanentSlot>>; readonly changes: readonly Change[]} {
  const kept: Record<string, PermanentSlot> = {}
  const changes: Change[] = []
  const members = new Set([...hosts.values(), ...hosts.keys()].map(name => name.toLowerCase().replace(/[-. ]/g, '_')))
  for (const {key, place, value} of entriesAt(dcs, 'slots')) {
    const isTakeable = isOurs(key) && !members.has(key)
    // A person chose its name, which stands in the lab.yaml if it is kept, and nowhere else.
    const tell = (why: string, how: Change['how'] = 'dropped') =>
      changes.push({place, what: 'bootstrap.dcs.slots.…', how, why})
    const isNothing = value.kind === 'scalar' && value.value === null
    if (value.kind !== 'map' && !isNothing) tell('it is no mapping: Patroni passes over it')
    else if (!isTakeable) tell('it is called like a member or a secret of yours')
    else if (!/^[a-z0-9_]{1,63}$/.test(key)) tell('PostgreSQL takes no such name')
    else if (slotKind(value) === undefined)
      tell('it is neither physical nor logical, with a database and a plugin: Patroni makes none')
    else if (slotKind(value) === 'physical') kept[key] = {type: 'physical'}
    else if (walLevel?.toLowerCase() !== 'logical')
      tell('a logical slot without wal_level logical: PostgreSQL makes none')
    else {
      const plugin = wordAt(value, 'plugin')?.text ?? ''
      if (!plugins.includes(plugin)) tell(`its plugin is none of ${plugins.join(', ')}, which are all that the lab has`)
      else {
        kept[key] = {type: 'logical', database: appDatabase, plugin}
        tell(`it is one of the database ${appDatabase}, the only one of the lab`, 'kept otherwise')
      }
    }
  }
  return {kept, changes}
}
