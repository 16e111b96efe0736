/** The modes that a cluster is in right now, whoever set them: by Patroni's dynamic configuration, its members and the watchdogs. */

import type {Lab} from '../engine/lab.ts'
import {firstCluster} from '../topology/clusters.ts'
import {type HostName, hostsWith, type PatroniSettings} from '../topology/topology.ts'
import {type Config, decodeObject} from './patroni-api.ts'
import {parseWatchdogLine} from './watchdog-line.ts'

/** null: no member tells. */
export interface Modes {
  readonly synchronousMode: PatroniSettings['synchronousMode'] | null
  readonly failsafe: {
    readonly on: boolean
    /** etcd is away, and the leader goes on because every member allows it. */
    readonly inForce: boolean
  } | null
  /** Maintenance: Patroni leaves the cluster alone (`patronictl pause`). */
  readonly paused: boolean | null
  readonly watchdog: {
    /** Of the hosts' configuration, which no run changes. */
    readonly setting: PatroniSettings['watchdog']
    /** Hosts that their watchdog resets when it is not fed. */
    readonly active: readonly HostName[]
    /** Hosts whose watchdog does not answer: they are down, frozen or booting. */
    readonly unknown: readonly HostName[]
  }
}

/** Asks every member once, and takes at most `withinMs` when hosts do not answer. */
export async function modes(lab: Lab, withinMs = 1000): Promise<Modes> {
  const databases = hostsWith(firstCluster(lab.topology), 'patroni')
  const [configs, members, watchdog] = await Promise.all([
    Promise.all(databases.map(host => told(lab, host, '/config', withinMs))),
    Promise.all(databases.map(host => told(lab, host, '/patroni', withinMs))),
    watchdogs(lab, databases, withinMs),
  ])
  const config = configs.find(one => one !== null)
  if (config === undefined || config === null) return {synchronousMode: null, failsafe: null, paused: null, watchdog}
  return {
    synchronousMode: synchronousModeOf(config),
    failsafe: {
      on: config.failsafe_mode === true,
      inForce: members.some(one => one?.failsafe_mode_is_active === true),
    },
    paused: config.pause === true,
    watchdog,
  }
}

/** As Patroni reads them (4.0, `global_config.py`). */
export function synchronousModeOf({
  synchronous_mode: mode,
  synchronous_mode_strict: strict,
}: Config): PatroniSettings['synchronousMode'] {
  if (mode === 'quorum') return 'quorum'
  if (mode !== true) return 'off'
  return strict === true ? 'strict' : 'on'
}

/** null for a member that is down, starting or frozen. */
async function told(lab: Lab, host: HostName, path: string, withinMs: number): Promise<Config | null> {
  try {
    return decodeObject((await lab.ask(host, 'patroni', path, {withinMs})).body)
  } catch {
    return null
  }
}

async function watchdogs(lab: Lab, hosts: readonly HostName[], withinMs: number): Promise<Modes['watchdog']> {
  const setting = lab.topology.patroni.watchdog
  if (setting === 'off') return {setting, active: [], unknown: []}
  const armed = await Promise.all(hosts.map(host => isArmed(lab, host, withinMs)))
  return {
    setting,
    active: hosts.filter((_, index) => armed[index] === true),
    unknown: hosts.filter((_, index) => armed[index] === null),
  }
}

/** A watchdog tells its state at once to whoever connects; null when there is none. */
async function isArmed(lab: Lab, host: HostName, withinMs: number): Promise<boolean | null> {
  try {
    const {id} = await lab.container(host)
    await using running = await lab
      .engineOf(host)
      .exec(id, ['socat', '-u', 'UNIX-CONNECT:/run/watchdog/events', 'STDOUT'])
    running.stdin.on('error', () => {}) // its end, which the lines tell
    const limit = setTimeout(() => void running[Symbol.asyncDispose](), withinMs)
    try {
      for await (const text of running.lines) {
        const line = parseWatchdogLine(text)
        if (line !== null) return line.state === 'armed' || line.state === 'running'
      }
    } finally {
      clearTimeout(limit)
    }
  } catch {
    // down, frozen or booting
  }
  return null
}
