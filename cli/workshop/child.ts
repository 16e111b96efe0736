/** A command of ours in a process of its own, what it says passed on as plain lines: it has a lock, a healing and an ending of its own. */
import {spawn} from 'node:child_process'
import {print, tell} from '../output.ts'

/**
 * Resolves to its exit code. It leads a process group of its own, so that Ctrl-C reaches it once, through the signal: twice would mean
 * to leave at once. Its channel, on which nobody speaks, breaks when we are gone, and then it heals and ends.
 */
export function runHere(words: readonly string[], signal: AbortSignal): Promise<number> {
  const {promise, resolve, reject} = Promise.withResolvers<number>()
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...words], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // To it they are pipes, and it could not know how wide the terminal is that its lines come to.
    env: {...process.env, ...(process.stdout.columns > 0 ? {COLUMNS: String(process.stdout.columns)} : {})},
  })
  const interrupt = () => child.kill('SIGINT')
  if (signal.aborted) interrupt()
  signal.addEventListener('abort', interrupt, {once: true})
  child.stdout?.setEncoding('utf8').on('data', (text: string) => print(text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => tell(text))
  child.on('error', reject)
  child.on('close', code => {
    signal.removeEventListener('abort', interrupt)
    resolve(code ?? 1)
  })
  return promise
}
