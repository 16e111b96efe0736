/** All probes; `play` runs them together. */
import type {Probe} from '../unit.ts'
import {containers} from './containers.ts'
import {etcd} from './etcd.ts'
import {patroni} from './patroni.ts'
import {postgres} from './postgres.ts'
import {proxy} from './proxy.ts'
import {runner} from './runner.ts'

export const probes: readonly Probe[] = [patroni, postgres, etcd, proxy, containers, runner]
