/** The table of drivers in words, for every form that shows it. What is not known is a dash; the remark says why. */

import type {Micros, Report} from '../../lab/index.ts'
import type {DriverRow} from '../../lab/inside/reading.ts'
import {sayMicros} from '../../lab/inside/start.ts'

export const driverColumns = [
  'driver',
  'clients',
  'outage p50',
  'max',
  'back p50',
  'p95',
  'max',
  'writes',
  'failed',
  'unknown',
] as const

/** What the columns of times are about. */
export const driverCaption =
  'how long the clients of each driver could not write, and how soon they were back once there was a primary for them'

/** There is nothing to compare with a single driver. */
export function comparedIn({drivers}: Report): readonly DriverRow[] {
  return drivers.length > 1 ? drivers : []
}

/** One cell for each column. */
export function driverCells(row: DriverRow): string[] {
  return [
    nameOf(row),
    String(row.clients),
    time(row.outageP50Micros),
    time(row.outageMaxMicros),
    time(row.reconnectionP50Micros),
    time(row.reconnectionP95Micros),
    time(row.reconnectionMaxMicros),
    ...(row.attempts === 0 ? ['-', '-', '-'] : [row.attempts, row.failed, row.indeterminate].map(String)),
  ]
}

export function nameOf({driver, through}: DriverRow): string {
  return through === 'members' ? `${driver} (members)` : driver
}

/** `57P01 4x, 08006 2x; connecting: ECONNREFUSED 12x`; null: there was none. */
export function sayErrors({errors, connectionErrors}: DriverRow): string | null {
  const parts = [
    ...(errors.length > 0 ? [counted(errors)] : []),
    ...(connectionErrors.length > 0 ? [`connections: ${counted(connectionErrors)}`] : []),
  ]
  return parts.length === 0 ? null : parts.join('; ')
}

function counted(errors: DriverRow['errors']): string {
  return errors.map(({code, count}) => `${code} ${count}x`).join(', ')
}

function time(micros: Micros | null): string {
  return micros === null ? '-' : sayMicros(micros)
}
