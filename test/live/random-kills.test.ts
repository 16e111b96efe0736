import {afterAll, beforeAll, expect, test} from 'vitest'
import {Docker} from '../../lab/engine/docker.ts'
import {expectExit} from './cli.ts'
import {dice, killAtRandom} from './random-kill.ts'

const name = 'live-random-kills'

beforeAll(async () => {
  await expectExit(0, ['down', '--name', name])
  await expectExit(0, ['up', '--name', name, '--profile', 'fast'])
})
afterAll(() => expectExit(0, ['down', '--name', name]))

// A few here; `npm run test:all` does thirty.
const seed = Date.now() % 100_000
const random = dice(seed)

test.for([1, 2, 3])(
  `SIGKILL of the command line at a random moment (%i of 3, seed ${seed}): heal makes the lab whole`,
  async () => {
    process.stderr.write(`${await killAtRandom(name, random)}\n`)
  },
)

test('down leaves nothing after all that', async () => {
  await expectExit(0, ['down', '--name', name])
  expect(await new Docker().leftovers(name)).toEqual({containers: 0, networks: 0, volumes: 0})
})
