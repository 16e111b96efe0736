/** Clusters that were sabotaged by hand: the run must fail, and its reason must say what is wrong with the cluster. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {scenarioFile} from '../../../lab/scenario/index.ts'
import {expectExit} from '../cli.ts'
import {
  anotherScope,
  complaints,
  playSabotaged,
  promotedByHand,
  promotedLate,
  synchronousModeOff,
  takenOutLate,
} from '../sabotage.ts'

const name = 'long-sabotage'
const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-sabotage-'))

beforeAll(async () => {
  await expectExit(0, ['down', '--name', name])
  await expectExit(0, ['up', '--name', name, '--profile', 'fast'])
})
afterAll(async () => {
  await expectExit(0, ['down', '--name', name])
  rmSync(folder, {recursive: true, force: true})
})

const beside = (file: string) => join(import.meta.dirname, '..', 'scenarios', `${file}.yaml`)

/** One of our own scenarios, with more time before its fault: Patroni needs a loop or two to carry out a setting. */
function withMoreTime(scenario: string): string {
  const text = readFileSync(scenarioFile(scenario), 'utf8')
  const file = join(folder, `${scenario}.yaml`)
  writeFileSync(file, text.replace(/- hold: [12]s/, '- hold: 6s'))
  return file
}

test('a replica that is cut off and promoted by hand', async () => {
  const report = await playSabotaged(name, beside('replica-isolated'), {sabotage: promotedByHand, when: /took hold/})
  expect(complaints(report)).toMatchObject({
    'one-writable-primary': expect.stringMatching(
      /^fail: Two primaries were writable at once: node\d on timeline \d+ .* and node\d on timeline \d+ /,
    ),
    'writable-within-lock': expect.stringMatching(
      /^fail: node\d took writes without ever having held the leader key, while node\d held the leader key/,
    ),
    'no-failover': expect.stringMatching(/^fail: node\d took writes on timeline \d+ .* was to stay the leader/),
  })
})

test('synchronous mode switched off under sync-failover', async () => {
  const scenario = withMoreTime('sync-failover')
  const report = await playSabotaged(name, scenario, {sabotage: synchronousModeOff, when: /-- steps/})
  expect(complaints(report)).toMatchObject({
    promoted: expect.stringMatching(
      /^fail: node\d was promoted, to timeline \d+, but no standby was synchronous when the fault came: Patroni had deleted its key \/sync/,
    ),
    'no-lost-writes': expect.stringMatching(/\d+ writes acknowledged while synchronous mode was off, .* to be `on`/),
  })
})

test('synchronous mode switched off under strict-no-standby', async () => {
  const scenario = withMoreTime('strict-no-standby')
  const report = await playSabotaged(name, scenario, {sabotage: synchronousModeOff, when: /-- steps/})
  expect(complaints(report)).toMatchObject({
    unavailability: expect.stringMatching(/^fail: .*the fault did not stop writes as it should/),
    'no-lost-writes': expect.stringMatching(
      /\d+ writes acknowledged while synchronous mode was off, .* to be `strict`/,
    ),
  })
})

test('Patroni of one member started with another scope: two clusters behind one proxy', async () => {
  const moments = {when: /-- steps/, until: /-- (healing|recovery)/}
  const report = await playSabotaged(name, beside('nothing-happens'), {sabotage: anotherScope, ...moments})
  expect(complaints(report)).toMatchObject({
    'routed-to-leader': expect.stringMatching(
      /^fail: proxy1 led writes to (node\d) while node\d held the leader key, .*the Patroni of \1 answers its check that it leads \(L7OK 200 .*writes acknowledged there: \d+/,
    ),
    'one-writable-primary': expect.stringMatching(/^fail: Two primaries were writable at once/),
    'writable-within-lock': expect.stringMatching(/^fail: node\d took writes without ever having held the leader key/),
    'no-lost-writes': expect.stringMatching(/acknowledged writes? lost: .*acknowledged by node\d on timeline/),
  })
})

test('kill-leader, which waits for its clients and no longer: a second primary comes a second after the last of them is back', async () => {
  const report = await playSabotaged(name, 'kill-leader', {sabotage: promotedLate, when: /: heal crash/})
  expect(complaints(report)).toMatchObject({
    'one-writable-primary': expect.stringMatching(/^fail: Two primaries were writable at once/),
    'writable-within-lock': expect.stringMatching(/^fail: node\d took writes without ever having held the leader key/),
  })
})

test('kill-leader: the proxy loses the new leader a second after the last client is back', async () => {
  const moments = {when: /: heal crash/, until: /-- (healing|recovery)/}
  const report = await playSabotaged(name, 'kill-leader', {sabotage: takenOutLate, ...moments})
  expect(complaints(report)).toMatchObject({'clients-reconnect': expect.stringMatching(/^fail: /)})
})
