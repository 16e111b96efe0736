/** The operator's orderly change of the leader: to a candidate, or to whom Patroni chooses. Nothing to mend: it is no damage. */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {handOver} from '../breaking/handover.ts'
import {fewerThan, impairsNobody, isSynchronous, seconds} from '../breaking/in-storms.ts'
import {strikeOn} from '../breaking/strike.ts'
import {switchoverCandidates} from '../cluster/selector.ts'
import {hostsWith} from '../topology/topology.ts'

const params = z.strictObject({refused: z.boolean({error: '`refused` is true or false'}).default(false)})

type Params = z.output<typeof params>

export const switchover: Fault<Params> = {
  area: 'the operator',
  about:
    'Patroni is asked for a switchover to the host of `on`; `on: leader` leaves the choice to Patroni. `refused: true` expects that it refuses and that the leader stays',
  params,
  fits: ({refused}) => (refused ? undefined : switchoverCandidates),
  // Whichever host it names, it is the leader's: whoever that is.
  strikes: (_, {topology}) => strikeOn(hostsWith(topology, 'patroni'), 'switchover'),
  storm: {
    lines: [
      {
        ...{on: ['leader'], unless: fewerThan(2), heals: false, impairs: impairsNobody, holdMs: seconds(2, 6)},
        // Patroni refuses until its leader has named a synchronous standby again, one loop or two after that streams.
        afterMs: topology => (isSynchronous(topology) ? 2 * topology.patroni.loopWaitSeconds * 1000 : 0),
        ...{alone: true, place: 24},
      },
    ],
  },

  inject: (on, {refused}) => handOver(on, {path: '/switchover', on: on.hosts, refused}),
}
