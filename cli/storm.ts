/** `chaos --storm`: random faults from a seed. `chaos --shrink`: the smallest plan that still fails. */

import {randomInt} from 'node:crypto'
import {join, relative, resolve} from 'node:path'
import type {Held, Lab, Place, Report, Scenario, ShrinkPlay, ShrinkResult, Storm} from '../lab/index.ts'
import {engineOfLab, exitCodes, lockLab, openOurs} from '../lab/index.ts'
import {failedChecks, kindOf, planOf, playStorm, shrinkScenario} from '../lab/inside/engine.ts'
import {clear, placeFor, runId} from '../lab/inside/kept.ts'
import {ms as sayMs} from '../lab/inside/reading.ts'
import {LabError, onLab, runsFolder, sentence} from '../lab/inside/start.ts'
import {caller, spoken} from './called-as.ts'
import type {CiOutputs} from './ci-outputs.ts'
import {complain} from './complain.ts'
import {type Interrupt, onInterrupt} from './interrupt.ts'
import {leaveReport} from './leave-report.ts'
import {printJson} from './options.ts'
import {print, tell, tellProgress} from './output.ts'
import type {RepeatRunOptions} from './repeat-run.ts'
import {type StormOptions, type StormRequest, stormRequest} from './storm-request.ts'
import {textOptions} from './text-options.ts'
import {printTimings, timingsOfRun} from './timings.ts'

/** Shows one run as it is played. */
type Watch = (
  history: Parameters<RepeatRunOptions['watch']>[0],
  press: () => void,
) => ReturnType<RepeatRunOptions['watch']>

const shrinkWithinMs = 30 * 60_000

/** Sets the exit code. @throws LabError `usage` before anything is touched. */
export async function storm(
  scenario: string | undefined,
  options: StormOptions,
  watch: Watch,
  outputs: CiOutputs | undefined,
): Promise<void> {
  const request = stormRequest(scenario, options)
  const place = placeOf(options)
  if (request.do === 'storm') {
    const drawn = {...request, seed: request.seed ?? randomInt(2 ** 32)}
    return await orLeave(undrawn(drawn.seed), options, place, outputs, () =>
      playDrawn(options, drawn, place, watch, outputs),
    )
  }
  const found = await planOf(request.of, options.name)
  await orLeave(found.scenario, options, place, outputs, () => playShrinking(options, found, place))
}

/** What could not even begin leaves a report in its --out, and in what CI is to read. */
async function orLeave(
  scenario: Scenario,
  options: StormOptions,
  place: Place | undefined,
  outputs: CiOutputs | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof LabError) {
      if (place !== undefined) await leaveReport(scenario, options, place, error)
      outputs?.addNeverBegan({lab: options.name, scenario}, error)
    }
    throw error
  }
}

/** A storm of which nothing was drawn, for that takes a lab: it has no file, and no plan. */
function undrawn(seed: number): Scenario {
  return {
    ...{
      name: `storm-${seed}`,
      about: 'Random faults, drawn from a seed.',
      needs: {postgres: 1, etcd: 1},
      clients: [],
      steps: [],
    },
    expect: [{check: 'one-writable-primary', params: {}}],
  }
}

async function playShrinking(
  options: StormOptions,
  found: Awaited<ReturnType<typeof planOf>>,
  place: Place | undefined,
): Promise<void> {
  const lab = await openOurs(engineOfLab(options.name), options.name)
  using _lock = lockLab(lab.name, `chaos --shrink ${found.scenario.name}`)
  using interrupt = interrupts(lab)
  lab.docker.heed(interrupt.signal)
  if (place !== undefined) clear(place)
  const folder = resolve(options.out ?? join(runsFolder(lab.name), runId(`shrink-${found.scenario.name}`)))
  const result = await shrinkIt(lab, found.scenario, found.checks, folder, options, interrupt)
  if (options.json) printJson({shrink: asJson(result), folder})
  else print(sayShrunk(result, lab, folder))
  process.exitCode = interrupt.code() ?? (result.smallest === null ? exitCodes.inconclusive : exitCodes.failed)
  endWith(result.error, interrupt)
}

async function playDrawn(
  options: StormOptions,
  request: Extract<StormRequest, {do: 'storm'}> & {readonly seed: number},
  place: Place | undefined,
  watch: Watch,
  outputs: CiOutputs | undefined,
): Promise<void> {
  const {beyondQuorum = false, asyncTail} = options
  const {forMs, seed} = request
  tell(`storm: seed ${seed}; the same again: ${commandOf(options, request)}\n`)
  const lab = await openOurs(engineOfLab(options.name), options.name)
  using _lock = lockLab(lab.name, 'chaos --storm')
  using interrupt = interrupts(lab)
  lab.docker.heed(interrupt.signal)
  let screen: ReturnType<Watch> | undefined
  const told = {
    drawn: (storm: Storm, file: string) => tellProgress(`${sayDrawn(storm)}\nstorm: the plan is ${file}\n`),
    watch: (history: Parameters<Watch>[0]) => {
      screen = watch(history, interrupt.press)
    },
  }
  const played = await playStorm(
    lab,
    {seed, forMs, beyondQuorum, drawn: told.drawn, ...(asyncTail !== undefined && {asyncTail})},
    {signal: interrupt.signal, out: options.out, place, called: caller(), asRows: true, watch: told.watch},
  ).finally(async () => (await screen)?.done())
  const {storm: drawn, plan: file, scenario, run, faults} = played
  const {renderText} = await import('./render/text.ts')
  const {writeReports} = await import('./render/write-reports.ts')
  const {report, history, folder} = run
  const unwritten = writeReports(folder, report, history)
  outputs?.add(run)
  const error = run.error ?? unwritten
  const timings = options.timings === true ? await timingsOfRun(run) : undefined
  if (!options.json) {
    if (timings !== undefined) await printTimings(timings)
    const text = renderText(report, await textOptions())
    print(`${text.trimEnd()}\n\nstorm: seed ${seed}, ${sayHeld(faults)}\n${sayPlaces(lab, file, folder)}`)
  }
  process.exitCode = report.exitCode
  endWith(error, interrupt)

  const shrunk =
    request.shrink && error === undefined
      ? await shrinkFailed(lab, scenario, report, join(folder, 'shrink'), options, interrupt)
      : undefined
  if (options.json)
    printJson({
      ...{...report, folder, ...(timings && {timings})},
      storm: {seed, forMs, beyondQuorum, plan: file, episodes: drawn.episodes.length, faults},
      ...(shrunk === undefined ? {} : {shrink: asJson(shrunk)}),
    })
}

async function shrinkFailed(
  lab: Lab,
  scenario: Scenario,
  report: Report,
  folder: string,
  options: StormOptions,
  interrupt: Interrupt,
): Promise<ShrinkResult | undefined> {
  if (report.verdict !== 'fail') {
    tell(`storm: it ${report.verdict === 'pass' ? 'passed' : 'was inconclusive'}, so there is nothing to shrink\n`)
    return undefined
  }
  const shrunk = await shrinkIt(lab, scenario, failedChecks(report), folder, options, interrupt)
  if (!options.json) print(sayShrunk(shrunk, lab, folder))
  process.exitCode = interrupt.code() ?? report.exitCode
  endWith(shrunk.error, interrupt)
  return shrunk
}

/** What draws the same storm. */
function commandOf(
  {name, beyondQuorum = false, asyncTail}: StormOptions,
  {forMs, seed}: {readonly forMs: number; readonly seed: number},
) {
  return spoken(
    onLab(
      ...([name, 'chaos', '--storm', sayMs(forMs), '--seed', String(seed)] as const),
      ...(beyondQuorum ? ['--beyond-quorum'] : []),
      ...(asyncTail === undefined ? [] : ['--async-tail', asyncTail]),
    ),
  )
}

function sayPlaces(lab: Lab, plan: string, folder: string): string {
  return `plan: ${plan}\nplay it again: ${spoken(onLab(lab.name, 'chaos', shortest(plan)))}\nevidence: ${folder}\n`
}

function placeOf({out, overwrite = false}: StormOptions): Place | undefined {
  return out === undefined ? undefined : placeFor(out, overwrite)
}

async function shrinkIt(
  lab: Lab,
  scenario: Scenario,
  checks: readonly string[] | undefined,
  folder: string,
  {shrinkWithin = shrinkWithinMs, tries = 1}: StormOptions,
  {signal}: Interrupt,
): Promise<ShrinkResult> {
  tellProgress(
    `shrink: first the plan as it is (${scenario.steps.length} steps), then smaller ones, for at most ${shrinkWithin % 60_000 === 0 ? `${shrinkWithin / 60_000}m` : sayMs(shrinkWithin)}\n`,
  )
  return shrinkScenario(lab, scenario, {
    ...{folder, signal, withinMs: shrinkWithin, tries, checks},
    played: play => void tellProgress(sayPlay(play)),
  })
}

function sayPlay({nth, attempt, says, steps, faults, failed, ended, report, seconds}: ShrinkPlay): string {
  const number = `${nth === 0 ? 'again' : nth}${attempt > 1 ? `, try ${attempt}` : ''}`
  const left = `${plural(steps, 'step')}, ${plural(faults, 'fault')}`
  return `shrink ${number}: ${says} (${left}): ${failed ? 'still fails' : whyNot(report, ended)}, ${seconds.toFixed(0)} s\n`
}

function whyNot({verdict, headline}: Report, ended: string | null): string {
  if (ended !== null) return `ended early (${ended})`
  if (verdict === 'pass') return 'does not fail'
  return verdict === 'fail' ? 'something else fails' : `inconclusive (${headline})`
}

/** An Error has no text in JSON. */
function asJson({error, ...result}: ShrinkResult) {
  return {...result, ...(error === undefined ? {} : {error: {code: error.code, says: error.message}})}
}

function sayShrunk({smallest, says, error}: ShrinkResult, lab: Lab, folder: string): string {
  if (smallest === null) {
    const hint = error === undefined ? 'what fails only sometimes: --tries 5 plays each plan up to 5 times\n' : ''
    return `\nshrink: ${says}\n${hint}evidence: ${folder}\n`
  }
  return `\nshrink: ${says}\nsmallest plan: ${smallest}\nplay it: ${spoken(onLab(lab.name, 'chaos', shortest(smallest)))}\nevidence: ${folder}\n`
}

function sayDrawn({episodes, leftOut}: Storm): string {
  const counts = [...Map.groupBy(episodes.flat(), kindOf)].map(([kind, ones]) => `${kind} ${ones.length}`)
  const without = leftOut.map(({kind, needs}) => `${kind} (needs ${needs})`).join(', ')
  return `storm: ${plural(episodes.length, 'episode')}: ${counts.join(', ')}${without ? `; left out, because this lab cannot: ${without}` : ''}`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function sayHeld(kinds: readonly Held[]): string {
  const sum = (of: 'drawn' | 'held') => kinds.reduce((all, one) => all + one[of], 0)
  return `${sum('held')} of ${sum('drawn')} faults took hold: ${kinds.map(one => `${one.fault} ${one.held} of ${one.drawn}`).join(', ')}`
}

function interrupts(lab: Lab): Interrupt {
  return onInterrupt({
    first: 'stopping: the faults are being healed ...',
    second: spoken(
      sentence`once more leaves at once, with the fault in force; \`${onLab(lab.name, 'heal')}\` mends it`,
    ),
  })
}

/** Healing that is incomplete wins over every other ending; then the interruption. */
function endWith(error: LabError | undefined, interrupt: Interrupt): void {
  if (error === undefined) return
  complain(error)
  process.exitCode = error.exitCode === exitCodes.healing ? error.exitCode : (interrupt.code() ?? error.exitCode)
}

/** As a person would write it here. */
function shortest(file: string): string {
  const here = relative('.', file)
  return here.startsWith('..') ? file : here
}
