import {type Command, InvalidArgumentError} from 'commander'
import {nextAfterShown} from '../next-after.ts'
import {command, nameOption} from '../options.ts'
import {print} from '../output.ts'
import {textOptions} from '../text-options.ts'

interface Options {
  name: string
  speed: number
  plain?: boolean
}

export function replay(): Command {
  return command(
    'replay',
    [
      'Play a recorded run on the screen, as if it were live.',
      'Without a terminal its lines are printed, at once.',
      '',
      'n and b jump to the next and the previous phase, step or moment of a failover, the arrows by five seconds; space pauses, and ? has every key.',
    ].join('\n'),
    'replay latest\nreplay ./evidence --speed 4',
  )
    .argument('<run>', "`latest`, a run's name, its folder, or its events.ndjson (or .ndjson.gz)")
    .addOption(nameOption())
    .option('--speed <n>', 'how many times as fast as it was', speed, 1)
    .option('--plain', 'plain lines instead of the screen')
    .action(action)
}

async function action(nameOrPath: string, {name, speed, plain}: Options): Promise<void> {
  const {readRun} = await import('../../lab/inside/reading.ts')
  const run = await readRun(nameOrPath, name)
  const {judged} = await import('../judged.ts')
  const report = await judged(run)
  const {events} = run.history
  const {hasScreen} = await import('../ui/terminal.ts')
  // Without a keyboard nobody could leave the screen.
  if (plain || !hasScreen() || !process.stdin.isTTY) {
    const {plainRun} = await import('../ui/plain.ts')
    plainRun(line => print(line), {events, subscribe: () => () => {}})
    return await printAnswer()
  }
  const {showReplay} = await import('../ui/screen.tsx')
  const {Player} = await import('../ui/player.ts')
  const {promise: quit, resolve: onQuit} = Promise.withResolvers<void>()
  const {titleOf} = await import('../render/verdict-words.ts')
  const shown = showReplay(new Player(events, speed, undefined, titleOf(report)), {onQuit})
  // Nothing runs and nothing needs healing: a signal just ends the show.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onQuit)
  await quit
  await shown.done()
  await printAnswer()

  async function printAnswer(): Promise<void> {
    const {answerLast} = await import('../render/summary.ts')
    const next = nextAfterShown('replay', nameOrPath, name)
    print(`\n${answerLast(report, await textOptions(), next)}`)
  }
}

function speed(written: string): number {
  const times = Number(written.replace(/x$/, ''))
  if (times >= 0.125 && times <= 128) return times
  throw new InvalidArgumentError('It is a number from 0.125 to 128.')
}
