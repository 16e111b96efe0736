import {expect, test} from 'vitest'
import {type SuiteJob, take} from '../../../lab/suite/plan.ts'

const plain: readonly string[] = []
const watchdog = ['patroni.watchdog=required']
const job = (scenario: string, set: readonly string[], seconds: number): SuiteJob => ({scenario, set, seconds})

test('a seat without a lab goes where most work is left for each seat', () => {
  const jobs = [job('a', plain, 100), job('b', plain, 90), job('c', watchdog, 120)]
  expect(take([...jobs], {set: null}, [])?.scenario).toBe('a')
  expect(take([...jobs], {set: null}, [{set: plain}])?.scenario).toBe('c')
})

test('a seat stays with its lab while there is work for it, the longest first', () => {
  const jobs = [job('a', plain, 10), job('b', plain, 20), job('c', watchdog, 500)]
  expect(take(jobs, {set: plain}, [])?.scenario).toBe('b')
  expect(take(jobs, {set: plain}, [])?.scenario).toBe('a')
  expect(take(jobs, {set: plain}, [])?.scenario).toBe('c')
  expect(take(jobs, {set: plain}, [])).toBeUndefined()
})

test('no second lab is raised for less work than raising it takes', () => {
  const jobs = [job('a', watchdog, 20)]
  expect(take(jobs, {set: plain}, [{set: watchdog}])).toBeUndefined()
  expect(take(jobs, {set: watchdog}, [{set: plain}])?.scenario).toBe('a')
})

test('a special lab comes first while another seat is there for the rest, so that nobody waits for it at the end', () => {
  const jobs = [job('a', plain, 400), job('b', plain, 300), job('c', watchdog, 50)]
  expect(take([...jobs], {set: null}, [{set: null}])?.scenario).toBe('c')
  expect(take([...jobs], {set: null}, [{set: watchdog}])?.scenario).toBe('a')
})
