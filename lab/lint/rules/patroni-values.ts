/** Settings that Patroni reads otherwise than whoever wrote them. */
import {misread} from '../misread.ts'
import {dcsOf, type PatroniFile, slotKind} from '../read/patroni.ts'
import {isFalsy, isOnAt, isTruthyAt, nodeAt, wordAt} from '../read/yaml-path.ts'
import type {Rule} from '../rule.ts'
import {isOfSlot, slotMaps} from './patroni-keys.ts'
import {stores} from './patroni-members.ts'

export const patroniValues: readonly Rule[] = [
  {
    id: 'patroni/paused',
    severity: 'error',
    about: 'the cluster is paused: Patroni promotes nobody and starts no PostgreSQL by itself',
    source: 'Patroni, docs/pause.rst; global_config.py: is_paused',
    fix: 'end it with `patronictl resume` when the maintenance is over; in bootstrap.dcs take it out',
    find: files =>
      dcsOf(files).flatMap(({map}) => {
        const place = nodeAt(map, 'pause')?.place
        return place === undefined || isOnAt(map, 'pause') !== true ? [] : [{place}]
      }),
  },
  {
    id: 'patroni/value-misread',
    severity: 'error',
    about: 'a value that is none of this setting: Patroni takes another one, and at most its log says so',
    source:
      'Patroni, global_config.py: check_mode, get_int; tags.py; watchdog/base.py: parse_mode; postgresql/rewind.py',
    fix: 'a number without a unit, on or off; true and false of a tag without quotes',
    find: files =>
      misread(files).map(({place, key, written, why, taken, fix}) => ({
        place,
        says: `${key} ${written === '' ? '(nothing)' : written} ${why}: Patroni takes it as ${taken}`,
        fix,
      })),
  },
  {
    id: 'patroni/cannot-start',
    severity: 'warning',
    about: 'Patroni ends as soon as it is started without this, unless its environment or another file has it',
    source:
      'tried with Patroni 4.0.7: KeyError, or "Can not find suitable configuration of distributed configuration store"',
    fix: 'add it, or set it in the environment, as PATRONI_SCOPE and its like',
    find: files =>
      files.patroni.flatMap(file => {
        const missing = neededToStart(file)
        return missing.length === 0
          ? []
          : [
              {
                place: file.root.place,
                says: `no ${missing.join(', no ')}: Patroni ends as soon as it is started, unless its environment or another file has it`,
              },
            ]
      }),
  },
  {
    id: 'patroni/slot-not-made',
    severity: 'error',
    about: 'a permanent slot that Patroni does not make: whoever is to read from it finds none',
    source: 'Patroni, dcs/__init__.py: slot_name_re, is_physical_slot, is_logical_slot',
    fix: 'a name of small letters, digits and _; type: logical with its database and plugin, or physical',
    find: files =>
      slotMaps(files).flatMap(slots =>
        slots
          // What is no slot at all is told as that.
          .filter(({key, value}) => !isOfSlot(key) && (value.kind === 'map' || isFalsy(value)))
          .flatMap(({key, place, value}) => {
            if (!/^[a-z0-9_]{1,63}$/.test(key))
              return [{place, says: `\`${key}\` is no name of a slot: Patroni makes none of it`}]
            if (slotKind(value) !== undefined) return []
            const missing = ['database', 'plugin'].filter(one => isTruthyAt(value, one) !== true)
            return wordAt(value, 'type')?.text === 'logical'
              ? [{place, says: `a logical slot without ${missing.join(' and ')}: Patroni makes none`}]
              : [{place, says: 'it is neither physical nor logical: Patroni makes none'}]
          }),
      ),
  },
]

/** What is missing of that without which Patroni ends at once. */
function neededToStart({root, name, etcd}: PatroniFile): readonly string[] {
  const paths = ['scope', 'restapi.listen', 'postgresql.listen', 'postgresql.data_dir']
  const missing = paths.filter(path => nodeAt(root, ...path.split('.')) === undefined)
  const hasStore = etcd !== undefined || stores.some(store => nodeAt(root, store) !== undefined)
  return [...(name === undefined ? ['name'] : []), ...missing, ...(hasStore ? [] : ['store such as etcd3'])]
}
