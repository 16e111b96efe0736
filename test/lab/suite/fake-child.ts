/**
 * Stands in for pgha-lab as a child process. What a scenario does stands in its name: `failed-100` takes 100 ms and ends as a
 * failed one does.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import type {RunChild} from '../../../lab/suite/child.ts'

export interface Call {
  readonly said: string
  /** The engine that it was told; '' for none. */
  readonly on: string
  readonly began: number
  readonly ended: number
}

const codes: Readonly<Record<string, number>> = {passed: 0, failed: 1, lab: 3, inconclusive: 4, healing: 5, skipped: 77}
const complaint = 'some progress\nit is not possible\n  next: pgha-lab doctor\n'

interface FakeChildOptions {
  /** Whether a lab comes up. */
  readonly raises?: boolean | ((engine: string) => boolean)
  /** Engines that have died: nothing on them works, and what was under way there ends at once. */
  readonly dead?: ReadonlySet<string>
}

/** @param calls gets every call when it has ended. */
export function fakeChild(calls: Call[], {raises = true, dead = new Set()}: FakeChildOptions = {}): RunChild {
  return async (args, signal, env = {}) => {
    const on = env.DOCKER_HOST ?? env.DOCKER_CONTEXT ?? ''
    const began = performance.now()
    const [verb, scenario = ''] = args
    const [ending = '', ms = '5'] = verb === 'chaos' ? scenario.split('-') : []
    await sleep(Number(ms), undefined, {signal}).catch(() => {}) // interrupted: it ends early, as the code below tells
    await sleep(5) // it heals
    calls.push({said: args.join(' '), on, began, ended: performance.now()})
    if (signal.aborted) return {exitCode: 130, stdout: '', stderr: 'interrupted'}
    if (dead.has(on)) return {exitCode: 3, stdout: '', stderr: 'no Docker engine answers\n'}
    const isRaised = typeof raises === 'boolean' ? raises : raises(on)
    if (verb === 'up' && !isRaised) return {exitCode: 3, stdout: '', stderr: complaint}
    if (verb === 'up' && args.some(word => word.includes('no_such_key')))
      return {exitCode: 2, stdout: '', stderr: complaint}
    if (verb !== 'chaos') return {exitCode: 0, stdout: '', stderr: ''}
    const exitCode = codes[ending]
    if (exitCode === 77 || exitCode === 3) return {exitCode, stdout: '', stderr: complaint}
    const findings = [{verdict: 'pass'}, {verdict: 'fail'}]
    const took = (Number(ms) || 5) * 1000
    const timings = {totalMicros: took, parts: [{part: 'holds', micros: took, of: [{says: 'hold', micros: took}]}]}
    const told = args.includes('--timings') ? {timings} : {}
    const report = {headline: `it ${ending}`, folder: `/evidence/${scenario}`, findings, ...told}
    return {exitCode, stdout: JSON.stringify(report), stderr: complaint}
  }
}
