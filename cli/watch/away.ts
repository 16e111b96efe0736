/** A command of ours that has this terminal for as long as it runs. */
import {spawn} from 'node:child_process'

/**
 * Ctrl-C is the command's alone: the terminal gives it to both. What asks to end us is passed on.
 * @returns its exit code, and the signal that has asked for the end of us.
 */
export async function withTerminal(words: readonly string[]): Promise<{code: number; ended: NodeJS.Signals | null}> {
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
