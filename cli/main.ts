/** The command line: parses, calls the library, turns errors into one sentence and an exit code. */
import {enableCompileCache} from 'node:module'

// Before React can load: its development build keeps one performance entry per render for ever (react#35761).
process.env.NODE_ENV ??= 'production'

// Nothing awaits these: a bug, or a stdout that cannot be written. Faults in force are in the journal, where `heal` finds them.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, async (error: unknown) => {
    const {ending} = await import('./program.ts')
    process.exit(ending(error))
  })

const [first] = process.argv.slice(2)
if (first === '--version' || first === '-V') {
  // Answered without loading anything: scripts ask this often.
  const {default: manifest} = await import('../package.json', {with: {type: 'json'}})
  process.stdout.write(`${manifest.version}\n`)
} else if (first === '--seat') {
  enableCompileCache()
  const {serve} = await import('./seat.ts')
  serve()
} else {
  enableCompileCache()
  const {run} = await import('./program.ts')
  await run(process.argv)
  // The work is done and the exit code stands: a connection that somebody forgot must not keep a CI job waiting.
  setTimeout(() => process.exit(), 5000).unref()
}
