import type {Command, Option} from 'commander'
import type {ChosenMoment, InjectionPhase, Place, Recorder, Report, Run, Scenario} from '../../lab/index.ts'
import {injectionPhases, LabError, next, onLab, ownCommand, sentence} from '../../lab/inside/start.ts'
import {caller, spoken} from '../called-as.ts'
import type {CiOutputs} from '../ci-outputs.ts'
import {complain} from '../complain.ts'
import {onInterrupt} from '../interrupt.ts'
import {leaveReport} from '../leave-report.ts'
import {nextAfter} from '../next-after.ts'
import {
  addCiOptions,
  addStormOptions,
  addSuiteOptions,
  boundedDuration,
  choiceOption,
  command,
  jsonOption,
  nameOption,
  placeOption,
  printJson,
  times,
  toleranceOption,
  usualTolerance,
} from '../options.ts'
import {isQuiet, print, tell} from '../output.ts'
import type {RepeatRunOptions} from '../repeat-run.ts'
import type {StepPause} from '../step-pause.ts'
import {isStorm, type StormOptions} from '../storm-request.ts'
import {textOptions} from '../text-options.ts'
import {printTimings, timingsOfRun} from '../timings.ts'

interface Options extends StormOptions {
  step?: boolean
  repeat?: number
  phase?: InjectionPhase
  /** Milliseconds. */
  within?: number
  clients?: string
  failFast?: boolean
  against?: string
  tolerance?: number
  suite?: string
  parallel?: number
  shard?: string
  durations?: string
  /** Names, with commas between. */
  engines?: string
  overwrite?: boolean
  profile?: string
  release?: string
  topology?: string
  patroni?: string
  set?: readonly string[]
  keep?: boolean
}

const examples = [
  'chaos kill-leader',
  'chaos kill-leader --json > report.json',
  'chaos kill-leader --within 30s',
  'chaos kill-leader --timings',
  'chaos kill-leader --step',
  'chaos ./mine.yaml --out evidence',
  'chaos --suite failover',
  'chaos --suite all --parallel 2 --json > suite.json',
  'chaos --suite all --shard 2/3 --durations earlier --out evidence',
  'chaos --suite all --engines default,big',
  'chaos kill-leader --repeat 6 --phase random --out before',
  'chaos kill-leader --repeat 6 --against before --tolerance 20%',
  'chaos --storm 10m --seed 7 --shrink',
  'chaos --shrink latest',
  'chaos kill-leader --clients all',
  'chaos kill-leader --junit junit.xml --html report.html --github',
]

export function chaos(): Command {
  const chaos = command(
    'chaos',
    [
      'Play a scenario, or a suite of them: break the lab under load, heal it, and answer with a verdict and its proof.',
      '',
      'Exit code: 0 passed, 1 an expectation failed, 4 inconclusive; 77 skipped, because it cannot run here; 3 the lab could ' +
        'not do its work, 5 what was broken is not mended (wins over every other), or it passed and left the lab unhealthy.',
      '',
      '--within asks whether clients can write again in time: the longest time without an acknowledged write is held against ' +
        "it, and recorded with the run. Unless --phase chooses another, the fault comes at the worst moment of the leader's " +
        'loop, right after a refresh of its lease; the report says what the worst moment may take by the timing model.',
      '',
      'A storm draws random faults from a seed, never more at once than a quorum can bear, and judges what must always hold. ' +
        '--shrink reduces a plan that fails to the smallest that still does, and writes it as a scenario file.',
      '',
      'A suite is played on labs of its own, called NAME-1, NAME-2, ..., which are removed at the end. Its exit code is the ' +
        'worst of its scenarios: 5, 130, 1, 70, 3, 2, 4, 77, 0 in this order.',
      '',
      'With --engines its labs are spread over Docker engines, each lab whole on one of them. An engine begins with one lab ' +
        'and gets more while its runs show that it bears them. What one that dies was playing is played again on another, ' +
        'and said.',
    ].join('\n'),
    examples.join('\n'),
  )
    .argument('[scenario]', 'a name that `scenarios` lists, or the path of a file')
    .addOption(nameOption())
    .addOption(placeOption('-o, --out <dir>', 'put history, reports and logs into this folder'))
    .option(
      '--within <duration>',
      'pass only if clients are never without acknowledged writes for longer: 100ms to 30m',
      boundedDuration('100ms', '30m', '30s'),
    )
    .option('--overwrite', 'with --out: take an earlier run of ours in that folder away first, and nothing else')
    .option('--plain', 'plain lines instead of the live view')
    .option('--repeat <n>', 'play it n times and say how far each phase spreads', times)
    .option('--fail-fast', 'with --repeat: end after the first run that failed')
    .addOption(
      placeOption(
        '--against <base>',
        'with --repeat: fail if it is slower than these recorded runs, as `compare` tells',
      ),
    )
    .addOption(
      toleranceOption("with --against: accept a slowdown up to this share of the base's median (10% when not given)"),
    )
    .option(
      '--clients <drivers>',
      'add clients and compare how they get through: all, or some of pg, pg-pool, psycopg, pgbench; no expectation is ' +
        'about them (a container of your own is a `client:` in a scenario file)',
    )
    .addOption(phaseOption())
    .option('--step', 'wait before each step for a key; what is broken stays so meanwhile, and counts')
    .option('--timings', 'say where the time went, part by part; of several runs the medians')
    .addOption(jsonOption())
  return addStormOptions(addCiOptions(addSuiteOptions(chaos))).action(action)
}

function phaseOption(): Option {
  const about = "when a fault comes, within the leader's loop of lease refreshes"
  return choiceOption('--phase <moment>', about, injectionPhases)
}

/** What CI is to read is written whatever came, and what came stays the answer. */
async function action(nameOrPath: string | undefined, options: Options): Promise<void> {
  if (options.overwrite && options.out === undefined) throw new LabError('usage', '--overwrite goes with --out')
  const {junit, html, markdown, github} = options
  if ([junit, html, markdown, github].every(one => one === undefined)) return perform(nameOrPath, options, undefined)
  const {ciOutputs} = await import('../ci-outputs.ts')
  const outputs = ciOutputs(options)
  let unwritten: LabError | undefined
  try {
    await perform(nameOrPath, options, outputs)
  } finally {
    unwritten = outputs.write()
    if (unwritten !== undefined) complain(unwritten)
  }
  if (unwritten !== undefined) process.exitCode ||= unwritten.exitCode
}

async function perform(
  nameOrPath: string | undefined,
  options: Options,
  outputs: CiOutputs | undefined,
): Promise<void> {
  if (options.step && (isStorm(options) || options.suite !== undefined))
    throw new LabError('usage', '--step is for one scenario: it goes with no --suite and no --storm')
  if (isStorm(options)) {
    const {storm} = await import('../storm.ts')
    return await storm(nameOrPath, options, (history, press) => watch(history, options, press), outputs)
  }
  if (options.suite !== undefined || nameOrPath === undefined) return suite(nameOrPath, options, outputs)
  for (const key of [
    'parallel',
    'shard',
    'durations',
    'engines',
    'topology',
    'profile',
    'release',
    'patroni',
    'set',
    'keep',
  ] as const)
    if (options[key] !== undefined) throw new LabError('usage', `--${key} goes with --suite`)
  if (options.failFast && options.repeat === undefined) throw new LabError('usage', '--fail-fast goes with --repeat')
  if (options.against !== undefined && options.repeat === undefined)
    throw new LabError('usage', '--against goes with --repeat: one run tells nothing of a difference')
  if (options.seed !== undefined && (options.phase ?? options.within) !== undefined)
    throw new LabError('usage', `--seed draws a moment, and --${options.phase ? 'phase' : 'within'} has chosen one`)
  if (options.tolerance !== undefined && options.against === undefined)
    throw new LabError('usage', '--tolerance goes with --against')
  if (options.step) {
    if (options.repeat !== undefined) throw new LabError('usage', '--step does not go with --repeat')
    const {mustHaveKeys} = await import('../step-pause.ts')
    mustHaveKeys()
  }
  const {placeFor} = await import('../../lab/inside/kept.ts')
  const place = options.out === undefined ? undefined : placeFor(options.out, options.overwrite === true)
  if (nameOrPath === '-')
    throw new LabError(
      'usage',
      'the report of a run names the file of its scenario and the lines in it, and stdin has none',
      {
        hint: 'write the scenario into a file, and name that',
      },
    )
  let scenario: Scenario | undefined
  try {
    scenario = await askedFor(nameOrPath, options)
    await playOne(scenario, options, place, {outputs, baseline: await baselineFor(scenario, options)})
  } catch (error) {
    if (error instanceof LabError) {
      if (place !== undefined) await leaveReport(scenario, options, place, error)
      if (scenario === undefined) outputs?.addUnread(error)
      else outputs?.addNeverBegan({lab: options.name, scenario}, error)
    }
    throw error
  }
}

async function askedFor(nameOrPath: string, {clients, within}: Options): Promise<Scenario> {
  const {loadScenario} = await import('../../lab/index.ts')
  const {withExtraClients} = await import('../../lab/inside/reading.ts')
  const {withAskedLimit} = await import('../../lab/inside/reading.ts')
  const written = loadScenario(nameOrPath)
  const compared = clients === undefined ? written : withExtraClients(written, clients)
  return within === undefined ? compared : withAskedLimit(compared, within)
}

/** Before any lab is asked for: what is compared with has to be there. */
async function baselineFor({name}: Scenario, {against, tolerance = usualTolerance, name: lab}: Options) {
  if (against === undefined) return undefined
  const {baselineOf} = await import('../against.ts')
  return await baselineOf(against, lab, name, tolerance)
}

async function playOne(
  scenario: Scenario,
  options: Options,
  place: Place | undefined,
  asked: Pick<RepeatRunOptions, 'outputs' | 'baseline'>,
): Promise<void> {
  const {clear, engineOfLab, exitCodes, lockLab, openOurs, runScenario} = await import('../../lab/index.ts')
  // One lucky moment would not answer whether it is always in time.
  const phase: Exclude<ChosenMoment, object> | undefined =
    options.phase ?? (options.within === undefined ? undefined : 'worst')
  const docker = engineOfLab(options.name)
  await using lab = await openOurs(docker, options.name)
  using _lock = lockLab(options.name, `chaos ${scenario.name}`)
  using interrupt = onInterrupt({
    first: 'stopping: the fault is being healed ...',
    second: spoken(
      sentence`once more leaves at once, with the fault in force; \`${onLab(lab.name, 'heal')}\` mends it`,
    ),
  })
  if (options.repeat !== undefined) {
    const {repeatRun} = await import('../repeat-run.ts')
    if (place !== undefined) clear(place)
    const shown = (history: Recorder) => watch(history, options, interrupt.press)
    // Awaited here: the lock and the handlers of signals belong to this scope.
    return await repeatRun(lab, scenario, interrupt, {
      ...options,
      phase,
      repeat: options.repeat,
      watch: shown,
      ...asked,
    })
  }
  const pause = options.step ? await stepPause(interrupt.signal) : undefined
  let screen: Screen | undefined
  const run = await runScenario(lab, scenario, {
    signal: interrupt.signal,
    out: options.out,
    place,
    phase,
    seed: options.seed,
    called: caller(),
    asRows: true,
    ...(pause && {before: pause.before}),
    watch(history) {
      screen = watch(history, options, interrupt.press, pause)
    },
  }).finally(async () => (await screen)?.done())

  const {writeReports} = await import('../render/write-reports.ts')
  const {folder, report, history} = run
  const unwritten = writeReports(folder, report, history)
  asked.outputs?.add(run)
  const error = run.error ?? unwritten
  if (error !== undefined && !isToldBy(report, error)) complain(error)
  await printRun(run, lab.name, options)
  process.exitCode = report.exitCode
  if (error === undefined) return
  // Healing that is incomplete wins over every other ending; then the interruption.
  process.exitCode = error.exitCode === exitCodes.healing ? error.exitCode : (interrupt.code() ?? error.exitCode)
}

async function printRun(run: Run, lab: string, {json, out, timings}: Options): Promise<void> {
  const {report, folder} = run
  const told = timings === true ? await timingsOfRun(run) : undefined
  if (json) return printJson({...report, folder, ...(told && {timings: told})})
  const {renderSummary} = await import('../render/summary.ts')
  if (told !== undefined) await printTimings(told)
  print(renderSummary(report, await textOptions(), nextAfter(report, folder, lab, out === undefined)))
}

/** The verdict says itself that the run was interrupted, unless there is more to say, such as what is still broken. */
function isToldBy({ended}: Report, {code, next}: LabError): boolean {
  return ended?.how === 'interrupted' && code === 'interrupted' && next === undefined
}

async function suite(
  scenario: string | undefined,
  {suite: name, plain: _, ...options}: Options,
  outputs: CiOutputs | undefined,
): Promise<void> {
  const lab = options.name
  if (name === undefined)
    throw new LabError('usage', 'say which scenario, or which suite', {
      hint: next`to list them: ${ownCommand('scenarios')} to play one: ${onLab(lab, 'chaos', 'kill-leader')} to play a suite: ${onLab(lab, 'chaos', '--suite', 'failover')}`,
    })
  const {phase, seed, failFast, within, against} = options
  if (within !== undefined) {
    const {ms} = await import('../../lab/inside/reading.ts')
    throw new LabError('usage', '--within is a limit of one scenario, and those of a suite have limits of their own', {
      hint: onLab(lab, 'chaos', scenario ?? 'kill-leader', '--within', ms(within)),
    })
  }
  const drawn = seed === undefined ? undefined : '--seed'
  const senseless = [scenario, phase && '--phase', drawn, failFast && '--fail-fast', against && '--against'].find(
    Boolean,
  )
  if (senseless !== undefined) throw new LabError('usage', `${senseless} does not go with --suite`)
  const {playSuite} = await import('../suite/command.ts')
  const {topology, profile = 'fast', release, patroni, set, ...more} = options
  return playSuite({
    ...more,
    suite: name,
    parallel: options.parallel ?? (options.engines === undefined ? 1 : mostOnEach),
    labs: {topology, profile, release, patroni, set},
    outputs,
  })
}

/** Unless told otherwise: how many labs an engine bears is measured, and what memory it has is not. */
const mostOnEach = 4

async function stepPause(signal: AbortSignal): Promise<StepPause> {
  const {StepPause} = await import('../step-pause.ts')
  const {sayStep} = await import('../../lab/inside/reading.ts')
  return new StepPause(sayStep, signal)
}

type Screen = Promise<{done(): Promise<void>}>

/** The live view on a terminal, else a line for each noteworthy event. Both go to stderr, never into data. */
async function watch(history: Recorder, {json, plain}: Options, press: () => void, pause?: StepPause): Screen {
  const {goOnByLines} = await import('../step-pause.ts')
  const byLines = pause && (() => goOnByLines(pause, process.stdin, tell))
  if (isQuiet()) {
    await byLines?.()
    return {done: async () => {}}
  }
  const {hasScreen} = await import('../ui/terminal.ts')
  if (hasScreen() && !json && !plain) {
    const {showRun} = await import('../ui/screen.tsx')
    return showRun(history, {onInterrupt: press, now: () => history.now(), pause})
  }
  await byLines?.()
  const {plainRun} = await import('../ui/plain.ts')
  const stop = plainRun(line => tell(line), history)
  return {done: async () => stop()}
}
