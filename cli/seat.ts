/** One process for many commands, told by who has started it (`lab/suite/seat-process`), which hears of each how it ended. */
import type {SeatOrder} from '../lab/inside/engine.ts'
import {keepOutput} from './output.ts'
import {run} from './program.ts'

/** Until nobody is there who could tell: then what is under way comes to its end (`onInterrupt`). */
export function serve(): void {
  let busy = false
  process.on('message', async ({words}: SeatOrder) => {
    busy = true
    process.exitCode = undefined
    process.argv = [...process.argv.slice(0, 2), ...words]
    const kept = keepOutput()
    await run(process.argv)
    busy = false
    const exitCode = process.exitCode ?? 0
    if (process.connected) process.send?.({exitCode, stdout: kept.stdout, stderr: kept.stderr.trimEnd()})
    else process.exit()
  })
  process.on('disconnect', () => {
    if (!busy) process.exit()
  })
}
