/** Somebody empties or drops the clients' table, and PostgreSQL replicates it well: acknowledged writes are lost. Nothing to mend. */
import type pg from 'pg'
import {z} from 'zod'
import type {Fault} from '../breaking/fault.ts'
import {strikeOn} from '../breaking/strike.ts'
import {asking, tableOfRun, throughEntry} from '../clients/table.ts'
import {hostsWith} from '../topology/topology.ts'

const params = z.strictObject({drop: z.boolean({error: '`drop` is true or false'}).default(false)})

type Params = z.output<typeof params>

export const truncateTable: Fault<Params> = {
  area: 'the operator',
  about: "Empties the clients' table by hand (TRUNCATE), or drops it: no cluster can keep what somebody takes away",
  neverDrawn: 'it takes acknowledged writes away, which is what a storm must not find',
  on: 'leader',
  params,
  destroys: ({drop}) => (drop ? "the clients' table" : "the rows of the clients' table"),
  // It is done where clients write, whoever is named.
  strikes: (_, {topology}) => ({...strikeOn(hostsWith(topology, 'patroni'), null), byHand: {takesTable: true}}),

  async inject({lab, broke, proof}, {drop}) {
    const table = await tableOfRun(lab)
    const before = await asking(lab.name, throughEntry(lab), client => fileOf(client, table))
    await broke(() =>
      asking(lab.name, throughEntry(lab), client => client.query(`${drop ? 'DROP' : 'TRUNCATE'} TABLE ${table}`)),
    )
    const after = await asking(lab.name, throughEntry(lab), client => fileOf(client, table))
    const {holds, says} = judgeTaken(drop, before, after)
    proof(holds, `${says} (${table})`)
  },
}

/** A table that is emptied gets a new file; null: there is no such table. */
async function fileOf(client: pg.Client, table: string): Promise<string | null> {
  const {rows} = await client.query<[string]>({
    ...{text: 'SELECT relfilenode::text FROM pg_class WHERE relname = $1', values: [table], rowMode: 'array'},
  })
  return rows[0]?.[0] ?? null
}

export function judgeTaken(drop: boolean, before: string | null, after: string | null) {
  const is = after === null ? 'is gone' : after === before ? 'is as it was' : 'has a new file: it was emptied'
  return {
    holds: before !== null && (drop ? after === null : after !== null && after !== before),
    says: before === null ? 'the table of the clients was not there' : `the table of the clients ${is}`,
  }
}
