/** What is measured of every run, by name: a table of words without any code behind it, so that help texts cost nothing. */
export type MeasuredIn = 'micros' | 'count'

export interface Metric {
  readonly about: string
  readonly unit: MeasuredIn
  readonly better: 'lower' | 'higher'
}

const table = {
  total: metric('from the fault to the first acknowledged write'),
  'old-server-down': metric('from the fault until HAProxy has taken the old leader out'),
  'lease-expiry': metric('from the fault until the leader key is gone'),
  election: metric('from there until another host holds the key'),
  promotion: metric('from there until that host takes writes'),
  'new-server-up': metric('from the new key until HAProxy routes to its holder'),
  'first-write': metric('from a primary that is ready and routed to the first acknowledged write'),
  takeover: metric(
    'from the key being gone to the first acknowledged write: the failover without the wait for the lease',
  ),
  'write-outage': metric('the longest time without any acknowledged write around the fault'),
  'reconnect-p50': metric('half of the writers are back this soon after the proxy routes to the new primary'),
  'reconnect-p95': metric('95 % of the writers are'),
  'reconnect-max': metric('all writers are'),
  'lost-writes': metric('acknowledged and absent after everything has rejoined', 'count'),
  'fencing-margin': metric('from the last moment of the old primary to the first of the new', 'micros', 'higher'),
}

export type MetricName = keyof typeof table
export const metrics: Readonly<Record<MetricName, Metric>> = table
export const metricNames = Object.keys(table) as readonly MetricName[]
/** What `compare` judges when nothing else is asked for. */
export const headline: MetricName = 'total'

function metric(about: string, unit: MeasuredIn = 'micros', better: Metric['better'] = 'lower'): Metric {
  return {about, unit, better}
}
