/** What the timings and modes of a cluster imply: ttl, watchdog, synchronous mode, lag. */
import {effectiveTimings} from '../../topology/timings.ts'
import type {Place} from '../../words/place.ts'
import {memberCount} from '../members.ts'
import {
  type Dcs,
  dcsOf,
  neverSynchronous,
  parameterMaps,
  synchronousOf,
  timingsOf,
  unreadSettings,
  type Written,
  watchdogMode,
} from '../read/patroni.ts'
import type {Files} from '../read/read.ts'
import {entryAt, isFalsy, isOnAt, mapAt, nodeAt, numberAt, scalarAt, wholeAt, wordAt} from '../read/yaml-path.ts'
import type {Found, Rule} from '../rule.ts'

const minima = {ttl: 20, loop_wait: 1, retry_timeout: 3} as const

export const patroniTimings: readonly Rule[] = [
  {
    id: 'patroni/settings-not-taken',
    severity: 'error',
    about:
      'Patroni cannot read it, and takes none of the settings beside it: a cluster begins with its defaults, or goes on with what it had',
    source:
      'Patroni, config.py: set_dynamic_configuration (tried with 4.0.7: Exception when setting dynamic_configuration)',
    fix: 'a whole number of seconds without its unit, such as ttl: 30; postgresql and its parameters as mappings',
    find: files => [
      ...dcsOf(files).flatMap(({map}) =>
        unreadSettings(map).map(({place, says}) => ({
          place,
          says: `${says}: Patroni takes none of the settings that stand beside it`,
        })),
      ),
      ...files.patroni.flatMap(({root}): Found[] => {
        const all = nodeAt(root, 'bootstrap', 'dcs')
        return all === undefined || all.kind === 'map' || isFalsy(all)
          ? []
          : [
              {
                place: all.place,
                says: 'bootstrap.dcs is no mapping: Patroni ends as soon as it is to begin a cluster with it',
                fix: 'bootstrap.dcs: {ttl: 30, ...}, its settings as a mapping',
              },
            ]
      }),
    ],
  },
  {
    id: 'patroni/timing-rule',
    severity: 'error',
    about:
      'loop_wait + 2 * retry_timeout is more than ttl: Patroni changes them without asking, with a line in its log',
    source: 'Patroni, config.py: _validate_and_adjust_timeouts; docs/dynamic_configuration.rst',
    fix: 'keep loop_wait + 2 * retry_timeout <= ttl, such as 10, 10 and 30',
    find: files =>
      timed(files, ({map}, written) => {
        const raised = raise(written)
        if (raised.loopWait + 2 * raised.retryTimeout <= raised.ttl) return []
        const used = effectiveTimings({
          ttlSeconds: raised.ttl,
          loopWaitSeconds: raised.loopWait,
          retryTimeoutSeconds: raised.retryTimeout,
        })
        const place =
          scalarAt(map, 'retry_timeout')?.place ?? scalarAt(map, 'ttl')?.place ?? scalarAt(map, 'loop_wait')?.place
        const says = `loop_wait ${raised.loopWait} + 2 * retry_timeout ${raised.retryTimeout} is more than ttl ${raised.ttl}: Patroni makes it loop_wait ${used.loopWaitSeconds}, retry_timeout ${used.retryTimeoutSeconds}`
        return place === undefined ? [] : [{place, says}]
      }),
  },
  {
    id: 'patroni/timing-below-minimum',
    severity: 'error',
    about:
      'below what Patroni accepts (ttl 20, loop_wait 1, retry_timeout 3): it takes the minimum, and failovers last longer than planned',
    source: 'Patroni, config.py: _validate_and_adjust_timeouts; issues 1849, 2040',
    fix: 'write what Patroni uses',
    find: files =>
      dcsOf(files).flatMap(({map}) =>
        Object.entries(minima).flatMap(([key, least]) => {
          const [value, place] = [wholeAt(map, key), scalarAt(map, key)?.place]
          // Where it takes none it uses no minimum either.
          if (value === undefined || place === undefined || value >= least || unreadSettings(map).length > 0) return []
          return [
            {
              place,
              says: `${key} ${value} is less than Patroni accepts: it uses ${least}`,
              fix: `${key}: ${least} or more`,
            },
          ]
        }),
      ),
  },
  {
    id: 'patroni/watchdog-too-short',
    severity: 'error',
    about:
      'ttl - safety_margin is less than loop_wait: no watchdog can be used, and where it is required nobody may lead',
    source: 'Patroni, watchdog/base.py: timing_slack, _activate',
    fix: 'keep watchdog.safety_margin <= ttl - loop_wait',
    find: files =>
      files.patroni.flatMap(({root, dcs}) => {
        const shared = files.dynamic[0]?.root ?? dcs
        const written = shared === undefined ? {ttl: 30, loopWait: 10, retryTimeout: 10} : timingsOf(shared)
        if (watchdogMode(root) !== 'required' || written === undefined) return []
        const used = raise(written)
        const margin = wholeAt(root, 'watchdog', 'safety_margin') ?? 5
        const timeout = margin === -1 ? Math.trunc(used.ttl / 2) : used.ttl - margin
        const place =
          entryAt(root, 'watchdog', 'safety_margin')?.value.place ?? entryAt(root, 'watchdog', 'mode')?.value.place
        if (place === undefined || timeout >= used.loopWait) return []
        return [
          {
            place,
            says: `the watchdog would fire ${timeout} s after it was fed, and loop_wait is ${used.loopWait}: nobody may ever lead`,
          },
        ]
      }),
  },
  {
    id: 'patroni/watchdog-off',
    severity: 'advice',
    about: 'no watchdog: a member whose Patroni is frozen can go on as a second primary',
    source: 'Patroni, docs/watchdog.rst',
    fix: 'watchdog: {mode: required} where the machine has a device, else automatic',
    // Without a word Patroni uses one where it finds it.
    find: files =>
      files.patroni.flatMap(({root}) => {
        const mode = scalarAt(root, 'watchdog', 'mode')
        return mode !== undefined && watchdogMode(root) === 'off' ? [{place: mode.place}] : []
      }),
  },
  {
    id: 'patroni/failsafe-without-room',
    severity: 'advice',
    about: 'failsafe_mode with loop_wait + 2 * retry_timeout equal to ttl leaves no time for the members to be asked',
    source: 'Patroni, pull request 3678',
    fix: 'a ttl some seconds above loop_wait + 2 * retry_timeout',
    find: files =>
      timed(files, ({map}, written) => {
        const place = entryAt(map, 'failsafe_mode')?.place
        const isTight = written.loopWait + 2 * written.retryTimeout === written.ttl
        return place !== undefined && isTight && isOnAt(map, 'failsafe_mode') === true ? [{place}] : []
      }),
  },
  {
    id: 'patroni/zero-lag',
    severity: 'warning',
    about: 'maximum_lag_on_failover 0: under load a replica is always some bytes behind, and then none takes over',
    source: 'Patroni, ha.py: is_lagging (lag > maximum_lag_on_failover)',
    fix: 'maximum_lag_on_failover: 1048576, or synchronous_mode where nothing may be lost',
    find: files =>
      dcsOf(files).flatMap(({map}) => {
        const place = scalarAt(map, 'maximum_lag_on_failover')?.place
        const isZero = numberAt(map, ['maximum_lag_on_failover']) === 0
        // A synchronous standby may always take over.
        return place !== undefined && isZero && synchronousOf(map) === 'off' ? [{place}] : []
      }),
  },
  {
    id: 'patroni/strict-with-one-standby',
    severity: 'warning',
    about: 'synchronous_mode_strict with two members: all writes wait while the only standby is away',
    source: 'Patroni, docs/replication_modes.rst',
    fix: 'a third member, or no synchronous_mode_strict',
    find: files =>
      synchronous(files, ['strict'], ({map}) =>
        memberCount(files) === 2 ? entryAt(map, 'synchronous_mode_strict')?.place : undefined,
      ),
  },
  {
    id: 'patroni/synchronous-with-one-standby',
    severity: 'advice',
    about:
      'synchronous mode with two members: while the only standby is away nothing is synchronous, and nobody can take over',
    source: 'Patroni, docs/replication_modes.rst',
    fix: 'a third member',
    find: files =>
      synchronous(files, ['on', 'quorum'], ({map}) =>
        memberCount(files) === 2 ? entryAt(map, 'synchronous_mode')?.place : undefined,
      ),
  },
  {
    id: 'patroni/synchronous-nodes',
    severity: 'advice',
    about:
      'synchronous_node_count asks for more standbys than the cluster has: Patroni asks for as many as there are, and the number is never reached',
    source:
      'Patroni, postgresql/sync.py: set_synchronous_standby_names (num is their number); quorum.py: min(sync_wanted, ...)',
    fix: 'synchronous_node_count below the number of members',
    find: files =>
      synchronous(files, ['on', 'strict', 'quorum'], ({map}) => {
        const [wanted, count] = [numberAt(map, ['synchronous_node_count']), memberCount(files)]
        return wanted !== undefined && count !== undefined && wanted >= count
          ? scalarAt(map, 'synchronous_node_count')?.place
          : undefined
      }),
  },
  {
    id: 'patroni/no-sync-candidate',
    severity: 'error',
    about:
      'synchronous mode, and at most one member may be a synchronous standby: whenever that one leads there is none',
    source: 'Patroni, docs/yaml_configuration.rst: nosync, sync_priority',
    fix: 'take nosync from a member',
    find: files => {
      const isSynchronous = dcsOf(files).some(({map}) => synchronousOf(map) !== 'off')
      const never = files.patroni.filter(({tags}) => neverSynchronous(tags))
      if (!isSynchronous || files.patroni.length < 2 || files.patroni.length - never.length > 1) return []
      return never.map(({tags, root}) => ({
        place: (entryAt(tags, 'nosync') ?? entryAt(tags, 'sync_priority'))?.place ?? root.place,
      }))
    },
  },
  {
    id: 'patroni/synchronous-commit-off',
    severity: 'error',
    about: 'synchronous_commit off or local: a commit waits for no standby, so synchronous mode protects none',
    source: 'PostgreSQL, synchronous_commit',
    fix: 'synchronous_commit: on',
    find: files => {
      const isSynchronous = dcsOf(files).some(({map}) => synchronousOf(map) !== 'off')
      if (!isSynchronous) return []
      return parametersOf(files, 'synchronous_commit').filter(({text}) => /^(off|local|false|no|0)$/i.test(text))
    },
  },
  {
    id: 'patroni/asynchronous-commit',
    severity: 'advice',
    about:
      'synchronous_commit off: a crash of the primary loses the last commits that were acknowledged, without a failover',
    source: 'PostgreSQL, synchronous_commit',
    fix: 'synchronous_commit: on, where no acknowledged write may be lost',
    find: files =>
      dcsOf(files).some(({map}) => synchronousOf(map) !== 'off')
        ? []
        : parametersOf(files, 'synchronous_commit')
            .filter(({text}) => /^(off|false|no|0)$/i.test(text))
            .map(({place}) => ({place})),
  },
  {
    id: 'patroni/fsync-off',
    severity: 'error',
    about: 'a crash loses writes that were acknowledged, and may leave a server that cannot start',
    source: 'PostgreSQL, fsync and full_page_writes',
    fix: 'take it out',
    find: files =>
      ['fsync', 'full_page_writes'].flatMap(name =>
        parametersOf(files, name)
          .filter(({text}) => /^(off|false|no|0)$/i.test(text))
          .map(({place}) => ({place, says: `${name} is off: a crash loses writes that were acknowledged`})),
      ),
  },
]

function raise({ttl, loopWait, retryTimeout}: Written): Written {
  return {
    ttl: Math.max(minima.ttl, ttl),
    loopWait: Math.max(minima.loop_wait, loopWait),
    retryTimeout: Math.max(minima.retry_timeout, retryTimeout),
  }
}

function timed(files: Files, find: (dcs: Dcs, written: Written) => Found[]): Found[] {
  return dcsOf(files).flatMap(dcs => {
    const written = timingsOf(dcs.map)
    return written === undefined ? [] : find(dcs, written)
  })
}

function synchronous(files: Files, modes: readonly string[], find: (dcs: Dcs) => Place | undefined): Found[] {
  return dcsOf(files).flatMap(dcs => {
    const place = modes.includes(synchronousOf(dcs.map)) ? find(dcs) : undefined
    return place === undefined ? [] : [{place}]
  })
}

/** A parameter of PostgreSQL wherever it is set. */
export function parametersOf(files: Files, name: string): readonly {readonly text: string; readonly place: Place}[] {
  const shared = files.dynamic.map(({root}) => mapAt(root, 'postgresql', 'parameters'))
  const own = files.patroni.flatMap(patroni => parameterMaps(patroni).map(({map}) => map))
  return [...shared, ...own].flatMap(map => {
    const word = nodeAt(map, name)?.kind === 'scalar' ? wordAt(map, name) : undefined
    return word === undefined ? [] : [word]
  })
}
