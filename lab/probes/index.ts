/** All probes; `play` runs them together. */

import {containers} from './containers.ts'
import {disk} from './disk.ts'
import {etcd} from './etcd.ts'
import {files} from './files.ts'
import {logs} from './logs.ts'
import {patroni} from './patroni.ts'
import {postgres} from './postgres.ts'
import type {Probe} from './probe.ts'
import {proxy} from './proxy.ts'
import {room} from './room.ts'
import {runner} from './runner.ts'
import {serverSettings} from './server-settings.ts'
import {slots} from './slots.ts'
import {virtualAddress} from './virtual-address.ts'
import {watchdog} from './watchdog.ts'

export const probes: readonly Probe[] = [
  patroni,
  postgres,
  serverSettings,
  slots,
  etcd,
  proxy,
  virtualAddress,
  containers,
  files,
  logs,
  watchdog,
  disk,
  room,
  runner,
]
