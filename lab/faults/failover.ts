/** The operator's failover by hand, with or without a leader, also to an asynchronous replica, and without one to one that lags. */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {handOver} from '../breaking/handover.ts'
import {strikeOn} from '../breaking/strike.ts'
import {hostsWith} from '../topology/topology.ts'

const params = z.strictObject({refused: z.boolean({error: '`refused` is true or false'}).default(false)})

type Params = z.output<typeof params>

export const failover: Fault<Params> = {
  area: 'the operator',
  about:
    'Patroni is asked for a failover to the host of `on`, whether there is a leader or not. `refused: true` expects that it refuses and that nothing changes',
  neverDrawn: "an operator's decision: what comes of it is intended",
  params,
  // Whichever host it names, it is the leader's: whoever that is.
  strikes: (_, {topology}) => strikeOn(hostsWith(topology, 'patroni'), 'switchover'),
  inject: (on, {refused}) => handOver(on, {path: '/failover', on: on.hosts, refused}),
}
