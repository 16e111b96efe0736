/** The topologies that `npm test` leaves out. */
import {join} from 'node:path'
import {playsOn} from '../topology.ts'

playsOn('single-etcd', ['stop-leader', 'etcd-quorum-lost'])
playsOn('dedicated-etcd', ['stop-leader'])
playsOn('sync')
playsOn('sync-strict')
playsOn('quorum')
playsOn('failsafe', ['etcd-quorum-lost-failsafe'])
playsOn('cascade', ['kill-cascade-source'])
playsOn('vip', ['kill-vip-holder', 'freeze-vip-holder', 'isolate-vip-holder', 'kill-vip-haproxy'])
playsOn('pgbouncer', ['kill-pgbouncer'], [['pgbouncer show databases', /\bapp\b.*\b127\.0\.0\.1\b/]])
playsOn('pgbouncer-before')
playsOn('standby-cluster', [join(import.meta.dirname, '..', 'scenarios', 'standby-promoted-early.yaml')])
