/**
 * A root shell on a host, or in the observer, that is open already: what it is told takes effect within milliseconds, where starting a program
 * through the engine takes 60 ms and more (measured; the engine sets up a process in the container each time).
 */
import type {Running} from '../engine/docker.ts'
import type {Lab, LabEngine} from '../engine/lab.ts'
import {runningObserver} from '../engine/reach-relay.ts'
import {type HostName, observerName} from '../topology/topology.ts'
import {LabError} from '../words/errors.ts'

export interface Shell extends AsyncDisposable {
  /**
   * Runs a script to its end and returns what it printed on stdout; one script at a time.
   * @throws LabError `engine` with the last words on stderr when its exit code is not 0, or when the host has gone; `timeout` when it
   * has not ended after two minutes, and the shell is closed then, or when the engine has fallen silent.
   */
  run(script: string): Promise<string>
}

/** What a fault or a mend has done on a host takes seconds. */
const longestMs = 120_000

const mark = '\u0001done'

export async function openShell(lab: Lab, host: HostName): Promise<Shell> {
  const {id} = await lab.container(host)
  return open(lab.engineOf(host), id, host)
}

/** In the observer, on which no fault is done. @throws LabError `no-target` when it does not run. */
export async function openObserverShell({docker, name}: Lab): Promise<Shell> {
  return open(docker, (await runningObserver(docker, name)).id, observerName)
}

async function open(engine: Pick<LabEngine, 'exec'>, id: string, name: string): Promise<Shell> {
  const running = await engine.exec(id, ['sh'])
  running.stdin.on('error', () => {}) // the shell's end, which the reading side tells with its reason
  const shell = new OpenShell(name, running)
  await shell.run(':') // the engine answers before the shell reads
  return shell
}

class OpenShell implements Shell {
  readonly #name: string
  readonly #running: Running
  readonly #lines: AsyncIterator<string>

  constructor(name: string, running: Running) {
    this.#name = name
    this.#running = running
    this.#lines = running.lines[Symbol.asyncIterator]()
  }

  async run(script: string): Promise<string> {
    // A subshell, so that an `exit` or a syntax error in the script does not end the shell itself.
    this.#running.stdin.write(`(\n${script}\n) </dev/null; echo "${mark} $?"\n`)
    let late = false
    const timer = setTimeout(() => {
      late = true
      void this[Symbol.asyncDispose]()
    }, longestMs)
    try {
      return await this.#answer()
    } catch (error) {
      if (late) throw new LabError('timeout', `a command on ${this.#name} has not ended within ${longestMs / 1000} s`)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #answer(): Promise<string> {
    const out: string[] = []
    for (;;) {
      const {value, done} = await this.#lines.next()
      if (done) throw this.#running.lost ?? new LabError('engine', `${this.#name} went away under a command`)
      const line = String(value)
      const at = line.indexOf(mark)
      if (at < 0) {
        out.push(line)
        continue
      }
      if (at > 0) out.push(line.slice(0, at)) // output without a newline at its end
      const code = Number(line.slice(at + mark.length + 1))
      if (code === 0) return out.join('\n')
      const says = this.#running.stderr().trim().split('\n').at(-1)
      throw new LabError('engine', `a command on ${this.#name} ended with ${code}${says ? `: ${says}` : ''}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]()
  }
}
