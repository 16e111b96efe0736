/** All faults, by the name a scenario uses. */
import type {Fault} from '../breaking/fault.ts'
import {failover} from './failover.ts'
import {fillDisk} from './fill-disk.ts'
import {freezeWatchdog} from './freeze-watchdog.ts'
import {kill} from './kill.ts'
import {lag} from './lag.ts'
import {noop} from './noop.ts'
import {overload} from './overload.ts'
import {partition} from './partition.ts'
import {pause} from './pause.ts'
import {pauseCluster} from './pause-cluster.ts'
import {pauseReplay} from './pause-replay.ts'
import {reinit} from './reinit.ts'
import {restart} from './restart.ts'
import {setConfigFault} from './set-config.ts'
import {setTags} from './set-tags.ts'
import {skewClock} from './skew-clock.ts'
import {slow} from './slow.ts'
import {stop} from './stop.ts'
import {switchover} from './switchover.ts'
import {unplug} from './unplug.ts'

/** Each with what it is about and the schema of its parameters; docs/reference/faults.md is checked against them. */
// biome-ignore lint/suspicious/noExplicitAny: each fault has its own parameters; they are checked when a scenario is bound.
export const faults: Readonly<Record<string, Fault<any>>> = {
  failover,
  'fill-disk': fillDisk,
  'freeze-watchdog': freezeWatchdog,
  kill,
  lag,
  noop,
  overload,
  partition,
  pause,
  'pause-cluster': pauseCluster,
  'pause-replay': pauseReplay,
  reinit,
  restart,
  'set-config': setConfigFault,
  'set-tags': setTags,
  'skew-clock': skewClock,
  slow,
  stop,
  switchover,
  unplug,
}
