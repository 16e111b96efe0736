import type {Command} from 'commander'
import {getPublished} from '../asked-topology.ts'
import {spoken} from '../called-as.ts'
import {complain} from '../complain.ts'
import {onInterrupt} from '../interrupt.ts'
import {
  addTopologyOptions,
  collect,
  command,
  jsonOption,
  placeOption,
  printJson,
  type TopologyOptions,
  times,
} from '../options.ts'
import {print, tell, tellProgress} from '../output.ts'
import {showProgress} from '../progress.ts'
import {answer} from '../render/answer.ts'
import {words} from '../render/verdict-words.ts'
import {textOptions} from '../text-options.ts'

interface Options extends TopologyOptions {
  readonly vary?: readonly string[]
  readonly repeat: number
  readonly name: string
  readonly out?: string
  readonly json?: boolean
}

export function matrix(): Command {
  return addTopologyOptions(
    command(
      'matrix',
      'Play scenarios on labs that differ, and say what of it is more than chance.\nEach lab is raised, plays them all, and is removed before the next one is raised; the first is what the others are held against.\nExit code: 1 a run failed, 4 one was inconclusive, else 0; a difference is no failure.',
      'matrix kill-leader --vary patroni.loop_wait=1s,5s --repeat 6\nmatrix kill-leader switchover --vary topology=colocated,sync\nmatrix kill-leader --vary release=bookworm,trixie,forky\nmatrix my-bug.yaml --vary patroni=../before,../after --repeat 6',
    )
      .argument('<scenario...>', 'names of ours, or files')
      .option(
        '--vary <key=a,b>',
        'a setting as `up --set` has it, or topology, profile, release or patroni, and its\nvalues (repeatable)',
        collect,
      )
      .option('--repeat <n>', 'play each so often; six or more tell a difference', times, 1)
      .option('--name <lab>', 'the labs are called so, and by their number', 'matrix')
      .addOption(
        placeOption('--out <dir>', 'where the evidence goes; a folder of this name and the time when not given'),
      )
      .addOption(jsonOption()),
  ).action(action)
}

async function action(names: readonly string[], options: Options): Promise<void> {
  const {loadScenario, overruled, playMatrix, valuesOf, variantsOf} = await import('../../lab/inside/engine.ts')
  const {checkLabName, LabError, onLab, ownCommand, sentence} = await import('../../lab/inside/start.ts')
  const {caller} = await import('../called-as.ts')
  const {vary = [], repeat, name, json} = options
  checkLabName(`${name}-1`)
  if (vary.length === 0) throw new LabError('usage', 'nothing varies: --vary says what differs from lab to lab')
  const scenarios = names.map(one => loadScenario(one))
  const same = scenarios.find(one => overruled(one, vary) !== null)
  if (same !== undefined)
    throw new LabError('usage', overruled(same, vary)!, {hint: ownCommand('scenarios', 'show', same.name)})
  using interrupt = onInterrupt({
    first: 'healing, and removing the lab ...',
    second: spoken(
      sentence`once more leaves at once, and the lab that is there: \`${onLab(`${name}-1`, 'down')}\` and the like remove it`,
    ),
  })
  const {topology, profile, release, patroni, set} = options
  await getPublished([patroni, ...valuesOf(vary, 'patroni')], json === true, interrupt.signal)
  const variants = variantsOf(vary, {topology, profile, release, patroni, set})
  const out = options.out ?? `matrix-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  const shown = await showProgress(true)
  const {matrix: played, error} = await playMatrix(variants, scenarios, {
    ...{times: repeat, name, out, signal: interrupt.signal, called: caller(), progress: shown.progress},
    began: (variant, nth) => tellProgress(`lab ${nth} of ${variants.length}: ${variant.says}\n`),
    finished: ({report}, variant) =>
      tellProgress(`${variant.says}: ${report.scenario}: ${words[report.verdict]}: ${answer(report)}\n`),
  }).finally(() => shown.done())
  const {renderMatrix} = await import('../render/matrix-text.ts')
  if (json) printJson({...played, folder: out})
  else print(`\n${renderMatrix(played, await textOptions())}`)
  if (!json) tell(`evidence: ${out}\n`)
  process.exitCode = played.exitCode
  if (error === undefined) return
  complain(error)
  process.exitCode = interrupt.code() ?? error.exitCode
}
