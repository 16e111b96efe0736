/**
 * A root shell on a host, or in the observer, that is open already: what it is told takes effect within milliseconds, where starting a program
 * through the engine takes 60 ms and more (measured; the engine sets up a process in the container each time).
 */
import type {Socket} from 'node:net'
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

/** A script has come to its end, and not to the one that it should. */
export class ScriptFailed extends LabError {
  /** Its last words on stderr; without any, its exit code. */
  readonly says: string

  constructor(host: string, code: number, says: string | undefined) {
    super('engine', `a command on ${host} ended with ${code}${says ? `: ${says}` : ''}`)
    this.says = says || `exit code ${code}`
  }
}

/** What a fault or a mend has done on a host takes seconds. */
const longestMs = 120_000

const mark = '\u0001done'

/**
 * Its disposal leaves it open for the next one who asks, unless a script is under way in it: the lab ends it (`Lab`'s disposal), and
 * no process waits for that.
 */
export async function openShell(lab: Lab, host: HostName): Promise<Shell> {
  const {id, state} = await lab.container(host)
  const left = leftIn(lab)
  // Of a frozen host the engine says so at once; a shell in it would say nothing.
  const one = (state === 'running' ? await left.take(id) : undefined) ?? (await open(lab.engineOf(host), id, host))
  let given = false
  return {
    run(script) {
      return given ? Promise.reject(new LabError('engine', `the shell on ${host} has been closed`)) : one.run(script)
    },
    async [Symbol.asyncDispose]() {
      if (!given) await left.put(id, one)
      given = true
    },
  }
}

/** In the observer, on which no fault is done. @throws LabError `no-target` when it does not run. */
export async function openObserverShell({docker, name}: Lab): Promise<Shell> {
  return open(docker, (await runningObserver(docker, name)).id, observerName)
}

async function open(engine: Pick<LabEngine, 'exec' | 'limits'>, id: string, name: string): Promise<OpenShell> {
  const running = await engine.exec(id, ['sh'])
  running.stdin.on('error', () => {}) // the shell's end, which the reading side tells with its reason
  const shell = new OpenShell(name, running)
  await shell.run(':', engine.limits.changeMs) // the engine answers before the shell reads
  return shell
}

/** One that has been left waits no longer than this for its answer: then it has died with its host, or is frozen. */
const answersWithinMs = 500

const leftOpen = new WeakMap<Lab, Left>()

function leftIn(lab: Lab): Left {
  const known = leftOpen.get(lab)
  if (known !== undefined) return known
  const left = new Left()
  leftOpen.set(lab, left)
  lab.own(left)
  return left
}

/** Shells that nobody needs just now, by the container that they are in. */
class Left implements AsyncDisposable {
  readonly #shells = new Map<string, OpenShell[]>()
  #over = false

  async take(id: string): Promise<OpenShell | undefined> {
    for (;;) {
      const shell = this.#shells.get(id)?.pop()
      if (shell === undefined) return undefined
      shell.hold(true)
      if (await shell.answers(answersWithinMs)) return shell
      await shell[Symbol.asyncDispose]()
    }
  }

  async put(id: string, shell: OpenShell): Promise<void> {
    if (this.#over || !shell.isIdle) return shell[Symbol.asyncDispose]()
    shell.hold(false)
    this.#shells.set(id, [...(this.#shells.get(id) ?? []), shell])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true
    const all = [...this.#shells.values()].flat()
    this.#shells.clear()
    await Promise.all(all.map(shell => shell[Symbol.asyncDispose]()))
  }
}

class OpenShell implements Shell {
  readonly #name: string
  readonly #running: Running
  readonly #lines: AsyncIterator<string>
  #underWay = 0
  #ended = false

  constructor(name: string, running: Running) {
    this.#name = name
    this.#running = running
    this.#lines = running.lines[Symbol.asyncIterator]()
    void running.done.then(() => {
      this.#ended = true
    })
  }

  /** It lives, and no script is under way in it. */
  get isIdle(): boolean {
    return this.#underWay === 0 && !this.#ended
  }

  /** Whether this process waits for it. */
  hold(on: boolean): void {
    // What `docker.exec` gives is the connection to the engine; over SSH too.
    const stream = this.#running.stdin as Partial<Pick<Socket, 'ref' | 'unref'>>
    if (on) stream.ref?.()
    else stream.unref?.()
  }

  answers(withinMs: number): Promise<boolean> {
    return this.run(':', withinMs).then(
      () => true,
      () => false,
    )
  }

  async run(script: string, withinMs = longestMs): Promise<string> {
    // A subshell, so that an `exit` or a syntax error in the script does not end the shell itself.
    this.#underWay++
    const complainedBefore = this.#running.stderr()
    this.#running.stdin.write(`(\n${script}\n) </dev/null; echo "${mark} $?"\n`)
    let late = false
    const timer = setTimeout(() => {
      late = true
      void this[Symbol.asyncDispose]()
    }, withinMs)
    try {
      return await this.#answer(complainedBefore)
    } catch (error) {
      if (late) throw new LabError('timeout', `a command on ${this.#name} has not ended within ${withinMs / 1000} s`)
      throw error
    } finally {
      clearTimeout(timer)
      this.#underWay--
    }
  }

  async #answer(complainedBefore: string): Promise<string> {
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
      const complained = this.#running.stderr()
      // What an earlier script complained of says nothing of this one.
      const own = complained.startsWith(complainedBefore) ? complained.slice(complainedBefore.length) : complained
      const says = own.trim().split('\n').at(-1)
      throw new ScriptFailed(this.#name, code, says)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await this.#running[Symbol.asyncDispose]()
  }
}
