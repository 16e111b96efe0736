/** A command of ours that has this terminal for as long as it runs. */
import {spawn} from 'node:child_process'
import {setImmediate as turn} from 'node:timers/promises'

/**
 * Ctrl-C is the command's alone: the terminal gives it to both. What asks to end us is passed on.
 * @returns its exit code, and the signal that has asked for the end of us.
 */
export async function withTerminal(words: readonly string[]): Promise<{code: number; ended: NodeJS.Signals | null}> {
  await letGo(process.stdin)
  const {promise, resolve, reject} = Promise.withResolvers<number>()
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...words], {stdio: 'inherit'})
  child.on('error', reject)
  child.on('close', code => resolve(code ?? 1))
  let ended: NodeJS.Signals | null = null
  const deaf = () => {}
  const passOn = (signal: NodeJS.Signals) => {
    ended = signal
    child.kill(signal)
  }
  process.on('SIGINT', deaf)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, passOn)
  try {
    const code = await promise
    return {code, ended}
  } finally {
    process.off('SIGINT', deaf)
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, passOn)
  }
}

/**
 * A screen that is gone has taken its listener away, and Node goes on reading until something fills up: every other word that is typed
 * would be ours instead of the command's. Only a stream that flows can be paused, and only one that is paused stops reading.
 */
async function letGo(stdin: NodeJS.ReadStream): Promise<void> {
  stdin.resume()
  stdin.pause()
  await turn()
}
