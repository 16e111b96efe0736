/** Clients that are added to a scenario so that drivers can be compared: `chaos --clients`. */

import {pgbenchGroup} from '../clients/pgbench.ts'
import {type ClientGroup, drivers, stemOf} from '../history/client-group.ts'
import {suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import type {Scenario} from './index.ts'

/** What can be compared: client libraries that the lab has agents for, and PostgreSQL's own pgbench. */
const comparable = [...drivers, 'pgbench'] as const
type Comparable = (typeof comparable)[number]

const count = 4
const perSecond = 20

/**
 * The scenario with a group of writers for each driver asked for, as `extraClients`. A driver that writes in it already the same
 * way is not added again.
 * @param asked `all`, or names with commas between them. @throws LabError `usage` with the nearest name.
 */
export function withExtraClients(scenario: Scenario, asked: string): Scenario {
  const has = new Set(scenario.clients.map(nameOf))
  const extraClients = comparedDrivers(asked)
    .map(groupOf)
    .filter(group => !has.has(nameOf(group)))
  return {...scenario, extraClients}
}

/** The names in `asked`, once each. @throws LabError `usage`. */
export function comparedDrivers(asked: string): readonly Comparable[] {
  if (asked.trim() === 'all') return comparable
  const names = [...new Set(asked.split(',').map(name => name.trim()))]
  return names.map(name => {
    const known = comparable.find(one => one === name)
    if (known === undefined)
      throw new LabError(
        'usage',
        `there is no driver \`${name}\` to compare${suggestion(name, [...comparable, 'all'])}`,
        {
          hint: 'name some with commas between them, or all; a container of your own is a `client:` in a scenario file',
        },
      )
    return known
  })
}

function groupOf(driver: Comparable): ClientGroup {
  if (driver === 'pgbench') return pgbenchGroup(count, perSecond, 'primary')
  const through = driver === 'psycopg' ? 'members' : 'primary'
  return {kind: 'writers', count, perSecond, through, driver}
}

/** What tells its clients from those of other groups. */
function nameOf(group: ClientGroup): string {
  return group.kind === 'program' ? group.name : stemOf(group)
}
