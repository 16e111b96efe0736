import {afterAll, beforeAll, expect, test} from 'vitest'
import {Docker} from '../../../lab/engine/docker.ts'
import {expectExit} from '../cli.ts'
import {dice, killAtRandom} from '../random-kill.ts'

const name = 'long-random-kills'
const trials = 30

beforeAll(async () => {
  await expectExit(0, ['down', '--name', name])
  await expectExit(0, ['up', '--name', name, '--profile', 'fast'])
})
afterAll(() => expectExit(0, ['down', '--name', name]))

const seed = Number(process.env.PGHA_LAB_SEED ?? Date.now() % 100_000)
const random = dice(seed)

test.for(Array.from({length: trials}, (_, index) => index + 1))(
  `SIGKILL of the command line at a random moment (%i of ${trials}, PGHA_LAB_SEED=${seed}): heal makes the lab whole`,
  async () => {
    process.stderr.write(`${await killAtRandom(name, random)}\n`)
  },
)

test('down leaves nothing after all that', async () => {
  await expectExit(0, ['down', '--name', name])
  expect(await new Docker().leftovers(name)).toEqual({containers: 0, networks: 0, volumes: 0})
})
