/** The screen and the report read a failover in one way: over every recorded run they show the same phases at the same times. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {view} from '../../../cli/ui/view.ts'
import {findFailover, measuredPhases} from '../../../lab/history/failover.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
const files = globSync('*.ndjson.gz', {cwd: folder})
const historyOf = (file: string) => parseHistory(gunzipSync(readFileSync(join(folder, file))).toString())

const failovers = files.filter(file => typeof findFailover(historyOf(file)) !== 'string')

test('most recorded runs have a failover to agree on', () => expect(failovers.length).toBeGreaterThan(25))

test.each(failovers)('%s: the screen shows the phases of the report, at its times', file => {
  const history = historyOf(file)
  const found = findFailover(history)
  if (typeof found === 'string') throw new Error(found)
  const {failover} = view(history.events)
  const phases = Object.entries(failover?.phases ?? {}).map(([phase, at]) => [phase, at - failover!.at])
  expect({...failover, phases: Object.fromEntries(phases)}).toMatchObject({
    ...{fault: found.fault.fault, at: found.t0, from: found.oldLeader, to: found.newLeader ?? null},
    ...{strikesLeader: true, phases: measuredPhases(found)},
  })
  expect(Object.keys(failover!.phases).toSorted()).toEqual(Object.keys(measuredPhases(found)).toSorted())
})

test.each(files.filter(file => !failovers.includes(file)))(
  '%s: where the report has no failover, the screen waits for none',
  file => {
    const {failover} = view(historyOf(file).events)
    expect({strikes: failover?.strikesLeader ?? false, phases: failover?.phases ?? {}}).toEqual({
      strikes: false,
      phases: {},
    })
  },
)
