/** What `chaos --storm` and `chaos --shrink` are asked for, and which options do not go together. Pure: nothing is read or touched. */

import type {OwnCommand} from '../lab/inside/start.ts'
import {LabError, next, onLab} from '../lab/inside/start.ts'

/** As the command line has them; those of plain `chaos` are among them. */
export interface StormOptions {
  readonly name: string
  readonly json?: boolean
  readonly out?: string
  readonly overwrite?: boolean
  readonly plain?: boolean
  readonly timings?: boolean
  readonly junit?: string
  readonly html?: string
  readonly markdown?: string
  readonly github?: boolean
  /** Milliseconds. */
  readonly storm?: number
  readonly seed?: number
  readonly beyondQuorum?: boolean
  /** How much of the tail each failover may lose, as a scenario has it. */
  readonly asyncTail?: string
  /** True: after a storm. */
  readonly shrink?: string | true
  /** Milliseconds. */
  readonly shrinkWithin?: number
  readonly tries?: number
}

export type StormRequest =
  | {readonly do: 'storm'; readonly forMs: number; readonly seed?: number; readonly shrink: boolean}
  /** `of`: a plan's file, one of our scenarios, or a recorded run. */
  | {readonly do: 'shrink'; readonly of: string}

/** Options that say something about a storm or a shrinking; the rest of `chaos` goes with scenarios and suites. */
const own = ['storm', 'beyondQuorum', 'asyncTail', 'shrink', 'shrinkWithin', 'tries'] as const
/** About a run, and so about a storm; the shrinking of a plan has no report. */
const ofRun = ['junit', 'html', 'markdown', 'github', 'timings'] as const
const shared = ['name', 'seed', 'json', 'out', 'overwrite', 'plain', ...ofRun] as const

export function isStorm(options: StormOptions): boolean {
  return own.some(key => options[key] !== undefined)
}

/** @param options those of other kinds of `chaos` may be among them. @throws LabError `usage`, one sentence. */
export function stormRequest(scenario: string | undefined, options: StormOptions): StormRequest {
  const {storm, seed, shrink} = options
  const isDrawn = storm !== undefined
  if (!isDrawn && shrink === undefined) {
    const first = own.find(key => options[key] !== undefined)!
    const needed = first === 'beyondQuorum' || first === 'asyncTail' ? '--storm' : '--shrink'
    throw new LabError('usage', `${written(first)} goes with ${needed}`, {hint: example(needed, options.name)})
  }
  const what = isDrawn ? '--storm' : '--shrink'
  const foreign = Object.entries(options).find(
    ([key, value]) => value !== undefined && !([...own, ...shared] as string[]).includes(key),
  )
  if (foreign?.[0] === 'within')
    throw new LabError('usage', `--within is a limit of one scenario, and does not go with ${what}`, {
      hint: onLab(options.name, 'chaos', 'kill-leader', '--within', '30s'),
    })
  if (foreign !== undefined) throw new LabError('usage', `${written(foreign[0])} does not go with ${what}`)
  if (isDrawn) {
    if (scenario !== undefined)
      throw new LabError('usage', `a storm draws its own plan, so it takes no scenario (${scenario})`, {
        hint: example('--storm', options.name),
      })
    if (typeof shrink === 'string')
      throw new LabError('usage', '--shrink reduces the plan of this very storm: write it without a plan', {
        hint: next`to reduce that one: ${onLab(options.name, 'chaos', '--shrink', shrink)}`,
      })
    if (shrink === undefined) refuseShrinking(options)
    return {do: 'storm', forMs: storm, ...(seed === undefined ? {} : {seed}), shrink: shrink === true}
  }
  for (const key of ofRun)
    if (options[key] !== undefined) throw new LabError('usage', `${written(key)} does not go with ${what}`)
  for (const key of ['seed', 'beyondQuorum', 'asyncTail'] as const)
    if (options[key] !== undefined)
      throw new LabError('usage', `${written(key)} goes with --storm`, {hint: example('--storm', options.name)})
  if (scenario !== undefined || shrink === true)
    throw new LabError('usage', '--shrink says itself what to reduce: a plan, or a run that failed', {
      hint: onLab(options.name, 'chaos', '--shrink', scenario ?? 'latest'),
    })
  return {do: 'shrink', of: shrink!}
}

function refuseShrinking(options: StormOptions): void {
  for (const key of ['shrinkWithin', 'tries'] as const)
    if (options[key] !== undefined)
      throw new LabError('usage', `${written(key)} goes with --shrink`, {
        hint: onLab(options.name, 'chaos', '--storm', '10m', '--shrink'),
      })
}

function written(key: string): string {
  return `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

function example(option: '--storm' | '--shrink', lab: string): OwnCommand {
  return option === '--storm'
    ? onLab(lab, 'chaos', '--storm', '10m', '--seed', '7')
    : onLab(lab, 'chaos', '--shrink', 'latest')
}
