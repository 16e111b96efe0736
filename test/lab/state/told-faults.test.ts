import {appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {labFolder} from '../../../lab/state/folders.ts'
import {tellFault, toldFaults} from '../../../lab/state/told-faults.ts'

const fault = {
  kind: 'fault-injecting' as const,
  ...{id: 'kill', fault: 'kill', what: 'kill host on leader', hosts: ['node1'], needsMend: true},
  strike: {struck: [{host: 'node1', fault: 'host-killed'}], dead: ['node1']},
} as const

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'told-'))
  vi.stubEnv('XDG_STATE_HOME', state)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(state, {recursive: true})
})
const file = () => join(labFolder('x'), 'told-faults.ndjson')

test('what one command has broken, another one hears, with the moment of it and by whom', () => {
  mkdirSync(labFolder('x'), {recursive: true})
  const before = Date.now()
  tellFault('x', fault)
  const [told, ...more] = toldFaults('x')
  expect(more).toEqual([])
  expect(told).toMatchObject({pid: process.pid, happening: fault})
  expect(told!.atMs).toBeGreaterThanOrEqual(before)
})

test('of a lab that is not there nothing is told, and none is made by it', () => {
  tellFault('x', fault)
  expect(toldFaults('x')).toEqual([])
  expect(() => readFileSync(file())).toThrow('ENOENT')
})

test.each([
  '{"pid":1',
  '{"pid":1,"atMs":2,"happening":{"kind":"fault-injecting","hosts":7}}',
  'null',
  '{"pid":1,"atMs":2,"happening":{"kind":"note","says":"x"}}',
])('a line that is none, %s, hides no other', line => {
  mkdirSync(labFolder('x'), {recursive: true})
  appendFileSync(join(labFolder('x'), 'told-faults.ndjson'), `${line}\n`)
  tellFault('x', fault)
  expect(toldFaults('x')).toHaveLength(1)
})

test('it does not grow for as long as a lab lives', () => {
  mkdirSync(labFolder('x'), {recursive: true})
  for (let nth = 0; nth < 2000; nth++) tellFault('x', {...fault, id: `kill-${nth}`})
  expect(readFileSync(file()).length).toBeLessThan(70_000)
  expect(toldFaults('x').at(-1)?.happening.id).toBe('kill-1999')
})
