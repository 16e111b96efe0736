/** What a member is called on the screen, and what its PostgreSQL is doing. */

import {type Role, roleOfHost} from '../../lab/inside/reading.ts'
import type {Member, View} from './view.ts'

/** `starting`: nothing of it has answered since it was started. `etcd`: it has no PostgreSQL. */
export type ShownRole = Role | 'starting' | 'unknown' | 'etcd'

export function roleOf(so: View, {host, postgres, container, up, inRecovery, writableSince}: Member): ShownRole {
  const answer = up === null ? null : {up, inRecovery, writable: writableSince !== null}
  const key =
    so.holder === host || so.otherHolder === host ? 'own' : so.reading.key === undefined ? 'untold' : 'not-own'
  const role = roleOfHost(container, answer, key)
  if (role === 'stopped' || role === 'paused') return role
  if (!postgres) return 'etcd'
  if (!up && container === 'started') return 'starting'
  return role ?? 'unknown'
}

/** What PostgreSQL there is doing. */
export function stateOf(so: View, one: Member): string {
  const role = roleOf(so, one)
  if (role === 'stopped' || role === 'paused' || role === 'etcd') return '-'
  if (role === 'replica' && one.receiver !== null) return one.receiver
  if (role === 'silent') return one.patroniState && one.patroniState !== 'running' ? one.patroniState : 'no answer'
  return one.patroniState ?? (one.up ? 'running' : '-')
}
