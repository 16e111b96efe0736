/** The settings of PostgreSQL on which a verdict rests: who changes them in a run changes what the run is about. */
import {type HostName, hostsWith} from '../topology/topology.ts'
import {Connection} from './connection.ts'
import {isDown} from './down.ts'
import {every} from './every.ts'
import type {Probe, ProbeSite} from './probe.ts'

const periodMs = 1000

/** `source`: what the role or the database of this very session has of its own says nothing of others; it is listed by itself. */
const question = `SELECT name, setting FROM pg_settings
    WHERE name IN ('synchronous_commit', 'default_transaction_read_only', 'fsync', 'full_page_writes')
      AND source NOT IN ('database', 'user', 'database user', 'client', 'session')
  UNION ALL
  SELECT concat(split_part(line, '=', 1), ' of role ' || r.rolname, CASE WHEN r.rolname IS NULL THEN ' of' ELSE ' in' END
      || ' database ' || d.datname), substr(line, strpos(line, '=') + 1)
    FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS line
      LEFT JOIN pg_roles AS r ON r.oid = s.setrole LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
  ORDER BY 1`

/** Asks once a second; an event at first, and whenever something has changed. The probe `postgres` tells whether anybody answers. */
export const serverSettings: Probe = {
  name: 'settings',
  async run(on) {
    await Promise.all(hostsWith(on.lab.topology, 'patroni').map(host => watch(on, host)))
  },
}

async function watch(on: ProbeSite, host: HostName): Promise<void> {
  using connection = new Connection(on.lab.superuser(host))
  const hangUp = () => connection.hangUp('the run is over')
  on.signal.addEventListener('abort', hangUp, {once: true})
  let last: string | undefined
  await every(periodMs, on, async () => {
    if (isDown(on, host)) return
    let rows: [string, string][]
    try {
      rows = await connection.ask<[string, string]>('settings', question)
    } catch {
      return // it is down or has no such catalogue yet: asked again
    }
    const what = JSON.stringify(rows)
    if (on.signal.aborted || rows.length === 0 || what === last) return
    last = what
    on.record({kind: 'settings', host, settings: Object.fromEntries(rows)})
  })
  on.signal.removeEventListener('abort', hangUp)
}
