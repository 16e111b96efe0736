/** Recorded runs for the renderers' tests. */
import {type History, historyOf} from '../../../lab/history/history.ts'
import {recordedFiles, recordedRun} from '../../recorded-runs.ts'

/** e.g. `kill-leader.pass`. Of the scenarios those that look unlike each other; drawing all of them would take minutes. */
export const recordedNames: readonly string[] = recordedFiles
  .filter(file => /^(kill-leader|leader-isolated|orphaned-primary|watchdog-resets|switchover)/.test(file))
  .map(file => file.replace(/\.ndjson\.gz$/, ''))

export function recorded(name: string): History {
  return recordedRun(`${name}.ndjson.gz`)
}

/** What `up` has recorded of the image since it notes what that was built from; the runs in test/histories are older. */
export const imageVersions = {
  packages: 'postgresql-17 17.12-0+deb13u1, patroni 4.0.7-3~deb13u1, etcd-server 3.5.16-4, haproxy 3.0.11-1+deb13u4',
  base:
    'mmdebstrap trixie from the Release of Sat, 21 Nov 2026 09:15:44 UTC ' +
    '(sha256:bfacad4ca61899ce20d4a0d439f29339f66541561b67506364efb88e27dee870), ' +
    '78 packages (sha256:75e2370fdf9ffa0fbcf5a21981a2d748b9cc618b92f251675e0c863d82150084)',
  image: '8ae99c57d80e',
} as const

/** The run as it would be recorded today. */
export function withImageVersions(history: History): History {
  return historyOf(
    history.events.map(event =>
      event.kind === 'run-started' ? {...event, versions: {...event.versions, ...imageVersions}} : event,
    ),
  )
}
