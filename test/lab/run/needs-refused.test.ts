import {expect, test} from 'vitest'
import {Lab} from '../../../lab/engine/lab.ts'
import {runScenario} from '../../../lab/run/runs.ts'
import {parseScenario} from '../../../lab/scenario/index.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'
import {FakeEngine} from '../fake/engine.ts'
import type {Ran} from '../fake/host.ts'
import {allocationOf} from '../fake/lab.ts'
import {about, clients, expectations, steps} from '../scenario/complaint.ts'

/** Its PostgreSQL takes no max_connections that is no number. */
class Engine extends FakeEngine {
  override async run(_id: string, argv: readonly string[]): Promise<Ran> {
    return argv.includes('max_connections=abc')
      ? {code: 1, out: '', err: '2026-11-27 04:06:01.549 GMT [10] FATAL:  invalid value for "max_connections": "abc"'}
      : {code: 0, out: '', err: ''}
  }
}
const topology = loadTopology({})
const lab = new Lab(new Engine(), topology, allocationOf(topology, {}))
const needing = (value: string) =>
  parseScenario(
    'nowhere/mine.yaml',
    `${about}needs: {postgresql: {parameters: {max_connections: ${value}}}}\n${clients}${steps}${expectations}`,
  )
const {signal} = new AbortController()

test('what PostgreSQL refuses is told where only a new lab could have it, and no command that cannot work', async () => {
  await expect(runScenario(lab, needing('abc'), {signal})).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('PostgreSQL says: invalid value for "max_connections": "abc"'),
    next: undefined,
  })
  await expect(runScenario(lab, needing('50'), {signal})).rejects.toMatchObject({
    code: 'config',
    hint: expect.stringContaining('--set postgresql.parameters.max_connections=50'),
  })
})
