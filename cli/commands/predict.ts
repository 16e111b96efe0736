import type {Command} from 'commander'
import type {Topology} from '../../lab/index.ts'
import type {NamedHistory, PredictedName, Prediction} from '../../lab/inside/reading.ts'
import {releases, usualRelease} from '../../lab/inside/start.ts'
import {addTopologyOptions, asksForTopology, command, jsonOption, nameOption, type TopologyOptions} from '../options.ts'
import {print, printData} from '../output.ts'
import {textOptions} from '../text-options.ts'
import {addTheirFiles, type TheirFiles, theirFiles} from '../their-files.ts'

interface Options extends TopologyOptions, TheirFiles {
  name: string
  fault?: string
  against?: string
  runs?: readonly string[]
  json?: boolean
}

export function predict(): Command {
  return addTopologyOptions(
    addTheirFiles(
      command(
        'predict',
        'Say what the timings imply for each fault, phase by phase.\nNeeds no lab and no engine. --from takes the files of a running cluster, also its show-config, and - is stdin; what they do not tell is said.',
        'predict --profile fast\npredict --set patroni.ttl=25s --set patroni.loop_wait=5s\npredict --fault kill-host\n' +
          'predict --against patroni.loop_wait=1s,patroni.retry_timeout=5s\n' +
          'predict --from patroni.yml --haproxy haproxy.cfg\npredict --runs latest',
      ),
    )
      .option('--fault <name>', 'only this fault')
      .option('--against <key=value,...>', 'compare with the same topology and these settings')
      .option('--runs <run...>', 'lay recorded runs over it: a name, a folder, or latest')
      .addOption(nameOption())
      .addOption(jsonOption()),
  ).action(action)
}

async function action(options: Options): Promise<void> {
  const {boughtBy, entryDoubts, predict, predictedName, sayLoopWait, successionDoubts, worthTelling} = await import(
    '../../lab/inside/reading.ts'
  )
  const {layOver} = await import('../../lab/inside/reading.ts')
  const {renderPrediction} = await import('../render/predict.ts')

  const recorded = options.runs ? await recordedRuns(options.runs, options.name) : []
  const {topology, changed, assumed: untold, isPaused} = await askedFor(options, recorded)
  const only = options.fault === undefined ? undefined : [predictedName(options.fault, topology)]
  const assumed = [
    ...untold,
    ...successionDoubts(topology),
    ...entryDoubts(topology.haproxy),
    ...releaseDoubts(topology),
  ]
  const prediction = predict(topology, only ?? worthTelling(topology), {isPaused})
  const laidOver = layOver(prediction, recorded)
  const against =
    options.against === undefined ? undefined : {written: options.against, prediction: other(options.against)}
  const bought = boughtBy(topology, {isPaused})
  if (options.json) {
    const {predictionJson} = await import('../render/predict-json.ts')
    printData(predictionJson({prediction, bought, laidOver, against, assumed}))
    return
  }
  const loopWait = sayLoopWait(topology, bought)
  print(renderPrediction({prediction, bought, loopWait, laidOver, against, assumed}, await textOptions()))

  function other(written: string): Prediction {
    // A list of services has commas of its own: `hosts.node4=etcd,patroni`.
    const changes = written.split(/,(?=[a-z_.0-9-]+=)/)
    return predict(
      changed(changes),
      prediction.faults.map(({name}): PredictedName => name),
      {isPaused},
    )
  }
}

/** How long a program takes for its part was measured with those of one release. */
function releaseDoubts({release}: Topology): readonly string[] {
  if (release === usualRelease) return []
  return [
    `the terms of the model were measured with ${releases[usualRelease].patroni.title} (${usualRelease}), not with ${releases[release].patroni.title} (${release}): docs/releases.md has what differs`,
  ]
}

async function recordedRuns(written: readonly string[], lab: string): Promise<NamedHistory[]> {
  const {findRuns, loadRun, nameOf} = await import('../../lab/inside/reading.ts')
  const found = written.flatMap(one => findRuns(one, lab))
  return Promise.all(found.map(async one => ({run: nameOf(one), history: (await loadRun(one)).history})))
}

interface AskedFor {
  readonly topology: Topology
  /** The same with other settings. */
  readonly changed: (set: readonly string[]) => Topology
  /** What stands for what the files of a cluster do not tell. */
  readonly assumed: readonly string[]
  readonly isPaused: boolean
}

async function askedFor(options: Options, recorded: readonly NamedHistory[]): Promise<AskedFor> {
  const {set = [], profile} = options
  const from = theirFiles(options)
  if (from.length === 0) {
    const {loadTopology} = await import('../../lab/inside/reading.ts')
    const changed = (more: readonly string[]) =>
      loadTopology({...options, asPatroniWould: true, set: [...set, ...more]})
    return {topology: await topologyOf(options, recorded), changed, assumed: [], isPaused: false}
  }
  const {LabError} = await import('../../lab/inside/start.ts')
  if ([options.topology, profile, options.release, options.patroni].some(one => one !== undefined))
    throw new LabError(
      'usage',
      'files of a cluster say it all: they go with --set, not with --topology, --profile, --release or --patroni',
    )
  const {asTopology, readFiles, topologyFrom} = await import('../../lab/inside/lint.ts')
  const {written, assumed, isPaused} = asTopology(readFiles(from))
  const changed = (more: readonly string[]) => topologyFrom(written, {set: [...set, ...more]})
  return {topology: changed([]), changed, assumed, isPaused}
}

/** Somebody who asks about runs and about no settings asks about the settings of those runs. */
async function topologyOf(options: Options, recorded: readonly NamedHistory[]): Promise<Topology> {
  if (recorded.length > 0 && !asksForTopology(options)) {
    const {of} = await import('../../lab/inside/reading.ts')
    const started = recorded.flatMap(({history}) => of(history, 'run-started'))[0]
    if (started) return started.topology
  }
  const {loadTopology} = await import('../../lab/inside/reading.ts')
  return loadTopology({...options, asPatroniWould: true})
}
