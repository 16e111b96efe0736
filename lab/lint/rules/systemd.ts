/** Units of systemd that run Patroni. */
import {startsPatroni} from '../read/systemd.ts'
import type {Rule} from '../rule.ts'

export const systemdRules: readonly Rule[] = [
  {
    id: 'patroni/unit-kills-postgres',
    severity: 'warning',
    about:
      "a stop of this unit ends PostgreSQL's processes together with Patroni, which is to stop it in order and to give up the leader key",
    source:
      'Patroni, extras/startup-scripts/patroni.service: KillMode=process; systemd.kill(5): control-group by default',
    fix: 'KillMode=process, below [Service]',
    find: ({systemd}) =>
      systemd.filter(startsPatroni).flatMap(({service, place}) => {
        const mode = service.get('KillMode')
        if (mode === undefined)
          return [{place, says: 'no KillMode: a stop ends all processes of PostgreSQL with Patroni'}]
        // Only the main process is asked to stop in these.
        return /^(process|mixed|none)$/.test(mode.text)
          ? []
          : [{place: mode.place, says: `KillMode=${mode.text}: a stop ends all processes of PostgreSQL with Patroni`}]
      }),
  },
]
