/** What each stretch of a lane looks like, and what its title says. */
import type {HostName, Micros} from '../../../lab/index.ts'
import {sayMicros} from '../../../lab/inside/start.ts'
import type {Buckets} from '../buckets.ts'
import type {Answers, Interval, Lanes, RoleState} from '../lanes.ts'
import type {Gap} from '../write-gaps.ts'

/** One stretch of a lane. `look` is its class; its title says in words what its colour says. */
export interface Stretch {
  readonly lane: string
  readonly from: Micros
  readonly to: Micros
  readonly look: string
  readonly says: string
  /** Inside, the first that fits: long before short. */
  readonly labels?: readonly string[]
}

export function roleStretches(host: HostName, roles: readonly Interval<RoleState>[]): Stretch[] {
  return roles.map(({from, to, is: {role, timeline}}) => {
    const on = timeline === null ? '' : `, timeline ${timeline}`
    const tl = timeline === null ? [] : [`TL ${timeline}`]
    const told = (label: string, says: string, short = label) => ({
      labels: [[label, ...tl].join(' · '), [short, ...tl].join(' · '), short, ...tl],
      says: `${says}${on}`,
    })
    const {labels, says} = {
      leader: told('leader', `${host} is the leader and takes writes`),
      primary: told('WRITABLE WITHOUT KEY', `${host} takes writes without holding the leader key`, 'NO KEY'),
      'read-only': told('read-only primary', `${host} is out of recovery but read-only`, 'read-only'),
      replica:
        timeline === null
          ? told('replica, not streaming', `${host} is a replica that streams from nobody`, 'replica')
          : told('replica', `${host} is a replica`),
      silent: told('no answer', `PostgreSQL on ${host} does not answer`),
      stopped: told('host down', `${host} is down`, 'down'),
      paused: told('host frozen', `${host} is frozen`, 'frozen'),
    }[role]
    const look = role === 'replica' && timeline === null ? 'replica alone' : role
    return {lane: `${host} role`, from, to, look, labels, says}
  })
}

export function answerStretch(host: HostName, {from, to, is: {asked, silent}}: Interval<Answers>): Stretch {
  const look = silent.length === 0 ? 'answers' : silent.length === asked.length ? 'answers-none' : 'answers-some'
  const says =
    silent.length === 0
      ? `${host}: ${and(asked)} answer`
      : `${host}: ${and(silent)} ${silent.length === 1 ? 'does' : 'do'} not answer`
  return {lane: `${host} answers`, from, to, look, says}
}

export function routeOf(
  proxy: HostName,
  {is: servers}: Interval<readonly HostName[]>,
): Pick<Stretch, 'look' | 'says' | 'labels'> {
  if (servers.length === 0)
    return {look: 'route none', labels: ['nobody'], says: `${proxy} has nobody to send writes to`}
  return {
    look: servers.length === 1 ? 'route' : 'route many',
    labels: [`writes go to ${and(servers)}`, and(servers)],
    says: `${proxy} sends writes to ${and(servers)}`,
  }
}

/** Between the first and the last acknowledged write, what is no gap is flow. */
export function writeStretches(gaps: readonly Gap[], buckets: Buckets, lanes: Pick<Lanes, 'from' | 'to'>): Stretch[] {
  const flowing = buckets.buckets.filter(one => one.counts.write.ok > 0)
  if (flowing.length === 0) return []
  const stretches: Stretch[] = []
  let since = Math.max(lanes.from, flowing[0]!.from)
  const flow = (to: Micros) => {
    if (to > since)
      stretches.push({
        lane: 'writes',
        from: since,
        to,
        look: 'flow',
        labels: ['acknowledged'],
        says: 'writes are acknowledged',
      })
  }
  for (const {from, to, ended} of gaps) {
    flow(from)
    const length = sayMicros(to - from)
    stretches.push({
      ...{lane: 'writes', from, to, look: 'gap', labels: [`writes paused for ${length}`, length]},
      says: `writes paused for ${length}${ended ? '' : ', to the end'}`,
    })
    since = to
  }
  if (gaps.at(-1)?.ended !== false) flow(Math.min(lanes.to, flowing.at(-1)!.from + buckets.width))
  return stretches
}

function and(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
