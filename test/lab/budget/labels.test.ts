/** A phase is a value, and has one name for people: in a report, in a prediction, and on the screen. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {type Phase, phaseLabel, shortPhase} from '../../../lab/budget/index.ts'
import {predict} from '../../../lab/budget/prediction.ts'
import {parseHistory} from '../../../lab/history/read-events.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {loadTopology} from '../../../lab/topology/topology-file.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const fast = loadTopology({profile: 'fast', set: ['patroni.watchdog=required']})
const vip = loadTopology({topology: 'vip', profile: 'fast'})
const predicted = [fast, vip].flatMap(one => predict(one).faults.flatMap(fault => fault.phases))
const all = [...new Set(predicted.map(one => one.phase))]

test('a prediction and the report of a run call a phase the same', () => {
  const names = new Map<Phase, Set<string>>()
  for (const {phase, label} of predicted) names.set(phase, (names.get(phase) ?? new Set()).add(label))
  const reported = globSync('test/histories/*.ndjson.gz', {cwd: root}).flatMap(file => {
    const {findings} = judge(parseHistory(gunzipSync(readFileSync(join(root, file))).toString()))
    return findings.flatMap(one => one.phases ?? [])
  })
  expect(reported.length).toBeGreaterThan(50)
  // Of several failovers each phase says whose it is.
  const bare = (name: string) => name.replace(/^[a-z][\w-]*: /, '')
  // Reads that come back are told of a run alone.
  for (const {phase, name} of reported) expect([...(names.get(phase) ?? [phaseLabel(phase)])]).toContain(bare(name))
  for (const [phase, called] of names) expect([phase, called.size]).toEqual([phase, phase === 'keyGone' ? 2 : 1])
})

test('no other file has these names', () => {
  const names = all.flatMap(phase => [phaseLabel(phase), phaseLabel(phase, 'given-up'), shortPhase(phase)])
  const words = [...new Set(names)].filter(name => name.includes(' '))
  expect(words.length).toBeGreaterThan(9)
  const files = globSync('{lab,cli}/**/*.{ts,tsx}', {cwd: root}).filter(file => file !== 'lab/budget/model.ts')
  const glued = files.flatMap(file => {
    const text = readFileSync(join(root, file), 'utf8')
    return words.filter(word => text.includes(`'${word}'`)).map(word => `${file}: ${word}`)
  })
  expect(glued).toEqual([])
})
