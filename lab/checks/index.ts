/** All checks, by the name a scenario uses. */
import type {Check} from '../unit.ts'
import {clientsReconnect} from './clients-reconnect.ts'
import {failover} from './failover.ts'
import {newLeader} from './new-leader.ts'
import {noLostWrites} from './no-lost-writes.ts'
import {oneWritablePrimary} from './one-writable-primary.ts'
import {rejoined} from './rejoined.ts'

export const checks = {
  failover,
  'clients-reconnect': clientsReconnect,
  'new-leader': newLeader,
  'no-lost-writes': noLostWrites,
  'one-writable-primary': oneWritablePrimary,
  rejoined,
} satisfies Readonly<Record<string, Check<unknown>>>

export type CheckName = keyof typeof checks
