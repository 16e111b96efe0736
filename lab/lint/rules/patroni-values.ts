/** Settings that Patroni reads otherwise than whoever wrote them. */
import {misread} from '../misread.ts'
import {dcsOf} from '../read/patroni.ts'
import {isOnAt, nodeAt} from '../read/yaml-path.ts'
import type {Rule} from '../rule.ts'

export const patroniValues: readonly Rule[] = [
  {
    id: 'patroni/paused',
    severity: 'error',
    about: 'the cluster is paused: Patroni promotes nobody and starts no PostgreSQL by itself',
    source: 'Patroni, docs/pause.rst; global_config.py: is_paused',
    fix: 'patronictl resume, as soon as the maintenance has ended; in bootstrap.dcs take it out',
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
]
