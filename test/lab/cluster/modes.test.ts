import http from 'node:http'
import type {AddressInfo} from 'node:net'
import {afterEach, expect, test} from 'vitest'
import {modes} from '../../../lab/cluster/modes.ts'
import type {ContainerState, Running} from '../../../lab/engine/docker.ts'
import {Lab} from '../../../lab/engine/lab.ts'
import {FakeEngine} from '../fake/engine.ts'
import {images} from '../fake/images.ts'
import {FakeProgram} from '../fake/program.ts'
import {localLab, locally} from '../local-lab.ts'

const servers: http.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Answers = Readonly<Record<string, object>>

/** One Patroni for each, by the path that it is asked; null: it does not answer. */
async function portsOf(...members: (Answers | null)[]): Promise<number[]> {
  return Promise.all(
    members.map(async answers => {
      const server = http.createServer((request, response) => {
        if (answers !== null) response.end(JSON.stringify(answers[request.url ?? ''] ?? {}))
      })
      servers.push(server)
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port
    }),
  )
}

const asked = async (...members: (Answers | null)[]) => modes(localLab('patroni', await portsOf(...members)), 300)

test.each([
  [{}, 'off'],
  [{synchronous_mode: false, synchronous_mode_strict: true}, 'off'],
  [{synchronous_mode: true}, 'on'],
  [{synchronous_mode: true, synchronous_mode_strict: true}, 'strict'],
  [{synchronous_mode: 'quorum'}, 'quorum'],
])('a cluster whose configuration is %j is in the synchronous mode %s', async (config, mode) => {
  expect((await asked({'/config': config})).synchronousMode).toBe(mode)
})

test('the first member that answers tells for all, and maintenance is what it says now, not what the lab was raised with', async () => {
  expect(await asked(null, {'/config': {pause: true, failsafe_mode: true}})).toEqual({
    synchronousMode: 'off',
    failsafe: {on: true, inForce: false},
    paused: true,
    watchdog: {setting: 'off', active: [], unknown: []},
  })
})

test('failsafe mode is in force while a member says so', async () => {
  const config = {'/config': {failsafe_mode: true}}
  const {failsafe} = await asked(config, {...config, '/patroni': {failsafe_mode_is_active: true}})
  expect(failsafe).toEqual({on: true, inForce: true})
})

test('where no member answers nothing is made up', async () => {
  expect(await asked(null, null)).toMatchObject({synchronousMode: null, failsafe: null, paused: null})
})

/** What each host's watchdog says to whoever connects; null: the host is down, undefined: it keeps silent. */
async function guarded(...says: (string | null | undefined)[]) {
  const ports = await portsOf(...says.map(() => ({})))
  const lab = localLab('patroni', ports)
  const docker = new (class extends FakeEngine {
    override async container(lab: string, host: string): Promise<ContainerState> {
      return {...{id: host, name: host, host, lab, state: 'running'}, image: images.host}
    }
    override async exec(host: string): Promise<Running> {
      const said = says[Number(host.at(-1)) - 1]
      if (said === null) throw new Error('the container is not running')
      const program = new FakeProgram()
      if (said !== undefined) program.say(`2026-11-20T16:00:00.123456Z ${said}\n`)
      return program
    }
  })()
  const topology = {...lab.topology, patroni: {...lab.topology.patroni, watchdog: 'required' as const}}
  return (await modes(new Lab(docker, topology, lab.allocation, locally(ports)), 300)).watchdog
}

test('a watchdog is active where it is armed, and who is down or silent is named as not known', async () => {
  const running = 'running timeout=15 silent=0.412'
  expect(await guarded(running, 'idle timeout=15 silent=-', null, undefined)).toEqual({
    setting: 'required',
    active: ['node1'],
    unknown: ['node3', 'node4'],
  })
})
