import {describe, expect, test} from 'vitest'
import {isStorm, type StormOptions, stormRequest} from '../../cli/storm-request.ts'
import type {LabError} from '../../lab/words/errors.ts'

const complaint = (scenario: string | undefined, options: object): LabError => {
  try {
    stormRequest(scenario, {name: 'lab', ...options})
  } catch (error) {
    return error as LabError
  }
  throw new Error('it was accepted')
}

test.for<[object, object]>([
  [{storm: 60_000}, {do: 'storm', forMs: 60_000, shrink: false}],
  [
    {storm: 60_000, seed: 0, shrink: true, tries: 2, shrinkWithin: 1000},
    {do: 'storm', forMs: 60_000, seed: 0, shrink: true},
  ],
  [
    {storm: 60_000, beyondQuorum: true, out: 'x', json: true, plain: true},
    {do: 'storm', forMs: 60_000, shrink: false},
  ],
  [
    {shrink: 'latest', tries: 3},
    {do: 'shrink', of: 'latest'},
  ],
])('%o is understood', ([options, request]) => {
  expect(isStorm({name: 'lab', ...options})).toBe(true)
  expect(stormRequest(undefined, {name: 'lab', ...options} as StormOptions)).toEqual(request)
})

test('an ordinary run is no storm', () => {
  expect(isStorm({name: 'lab', json: true, out: 'x', plain: true})).toBe(false)
})

describe('one clear complaint about', () => {
  test.for<[string | undefined, object, string]>([
    ['kill-leader', {storm: 60_000}, 'a storm draws its own plan, so it takes no scenario (kill-leader)'],
    [undefined, {storm: 60_000, suite: 'all'}, '--suite does not go with --storm'],
    [undefined, {shrink: 'latest', timings: true}, '--timings does not go with --shrink'],
    [undefined, {storm: 60_000, repeat: 3}, '--repeat does not go with --storm'],
    [undefined, {storm: 60_000, phase: 'random'}, '--phase does not go with --storm'],
    [undefined, {storm: 60_000, failFast: true}, '--fail-fast does not go with --storm'],
    [undefined, {storm: 60_000, clients: 'all'}, '--clients does not go with --storm'],
    [undefined, {storm: 60_000, tries: 2}, '--tries goes with --shrink'],
    [undefined, {storm: 60_000, shrinkWithin: 2}, '--shrink-within goes with --shrink'],
    [undefined, {storm: 60_000, shrink: 'latest'}, '--shrink reduces the plan of this very storm'],
    ['kill-leader', {beyondQuorum: true}, '--beyond-quorum goes with --storm'],
    ['kill-leader', {asyncTail: '1MB'}, '--async-tail goes with --storm'],
    [undefined, {tries: 7}, '--tries goes with --shrink'],
    [undefined, {shrink: 'latest', seed: 7}, '--seed goes with --storm'],
    [undefined, {shrink: true}, '--shrink says itself what to reduce'],
    ['plan.yaml', {shrink: true}, '--shrink says itself what to reduce'],
    [undefined, {shrink: 'latest', suite: 'all'}, '--suite does not go with --shrink'],
  ])('%s with %o', ([scenario, options, says]) => {
    const error = complaint(scenario, options)
    expect(error).toMatchObject({code: 'usage', exitCode: 2})
    expect(error.message).toContain(says)
    expect(error.message).not.toContain('\n')
  })
})

test('a scenario that is to be shrunk is told how', () => {
  expect(complaint('plan.yaml', {shrink: true}).hint).toBe('pgha-lab chaos --shrink plan.yaml')
})
