/** The operator lets Patroni make a replica anew: its data directory is thrown away and copied again. Nothing to mend. */
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {oneOfPostgres, seconds} from '../breaking/in-storms.ts'
import {patiently, prove} from '../breaking/prove.ts'
import {strikeOn} from '../breaking/strike.ts'
import {askPatroni, sayAnswer, took} from '../cluster/patroni-api.ts'
import {openShell} from '../cluster/shell.ts'

const params = z.strictObject({
  force: z.boolean({error: '`force` is true or false'}).default(false),
  refused: z.boolean({error: '`refused` is true or false'}).default(false),
})

type Params = z.output<typeof params>

/** Of no use to anybody but this proof: a new data directory does not have it. */
const mark = '/data/postgresql/main/pgha-lab-before-reinit'

export const reinit: Fault<Params> = {
  area: 'the operator',
  about:
    'Patroni makes the replica of `on` anew; `force` ends what it is busy with. `refused: true` expects that it refuses, as the leader does',
  params,
  destroys: ({refused}) => (refused ? null : "the replica's data directory, which is copied anew"),
  strikes: (_, {on}) => strikeOn(on, null),

  storm: {
    lines: [{on: ['replica'], heals: false, impairs: oneOfPostgres, holdMs: seconds(2, 6), alone: true, place: 26}],
  },

  async inject({lab, hosts, signal, broke, proof, now}, {force, refused}) {
    for (const host of hosts) {
      await using shell = await openShell(lab, host)
      await shell.run(`s6-setuidgid postgres touch ${mark}`)
      const answer = await broke(() =>
        askPatroni(lab, host, {method: 'POST', path: '/reinitialize', body: {force}, withinMs: 30_000, signal}),
      )
      const said = `Patroni on ${host} was asked to reinitialize: ${sayAnswer(answer)}`
      const marked = async () => (await shell.run(`if [ -e ${mark} ]; then echo yes; fi`)).trim() === 'yes'
      if (refused || !took(answer)) {
        const kept = await marked()
        await shell.run(`rm -f ${mark}`)
        proof(
          refused && !took(answer) && kept,
          `${said}; its data directory is ${kept ? 'the old one' : 'no longer the old one'}`,
        )
        continue
      }
      await prove(
        {proof, now, signal},
        patiently(async () => {
          const gone = !(await marked())
          return {holds: gone, says: `${said}; its old data directory is ${gone ? 'gone' : 'still there'}`}
        }),
        {limitMs: 60_000, everyMs: 50},
      )
    }
  },
}
