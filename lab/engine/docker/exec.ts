/** Programs in a container that runs already. */
import {createInterface} from 'node:readline'
import {PassThrough, type Readable, type Writable} from 'node:stream'
import type {LabError} from '../../words/errors.ts'
import type {Requests} from './requests.ts'

/** A program running in a container; `done` resolves with its exit code, null when the engine lost it. */
export interface Running extends AsyncDisposable {
  readonly stdin: Writable
  /** As it comes; whoever takes this takes it from `lines`. */
  readonly stdout: Readable
  readonly lines: AsyncIterable<string>
  readonly done: Promise<number | null>
  /** The last stderr output, for error messages. */
  stderr(): string
  /** Why nobody hears it any more, when the engine has stopped answering. */
  readonly lost: LabError | undefined
}

export interface ExecOptions {
  /** `NAME=value` */
  readonly env?: readonly string[]
  readonly user?: string
}

/** A program that has ended, and what it printed. */
export interface Printed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs programs in containers. */
export interface Exec {
  /** Starts a program in a container with stdin, stdout by lines and stderr kept apart. */
  exec(id: string, argv: readonly string[], options?: ExecOptions): Promise<Running>

  /** Runs a program that ends soon to its end and returns what it printed. */
  run(id: string, argv: readonly string[], options?: Pick<ExecOptions, 'user'>): Promise<Printed>
}

export class ExecOfEngine implements Exec {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async exec(id: string, argv: readonly string[], options: ExecOptions = {}): Promise<Running> {
    const exec = await this.#engine.say(`running ${argv[0]} in a container`, () =>
      this.#engine.api.getContainer(id).exec({
        Cmd: [...argv],
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: false,
        ...(options.env ? {Env: [...options.env]} : {}),
        ...(options.user ? {User: options.user} : {}),
      }),
    )
    const stream = await this.#engine.say(`running ${argv[0]} in a container`, () =>
      exec.start({hijack: true, stdin: true}),
    )
    let lost: LabError | undefined
    const lasting = this.#engine.lasting(error => {
      lost = error
      stream.destroy()
    })
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    this.#engine.api.modem.demuxStream(stream, stdout, stderr)
    let complaints = ''
    stderr.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-4096)
    })
    const ended = new Promise<void>(resolve => {
      for (const sign of ['end', 'close', 'error'] as const) stream.once(sign, () => resolve())
    }).then(() => {
      lasting[Symbol.dispose]()
      stdout.end()
      stderr.end()
    })
    return {
      stdin: stream,
      stdout,
      get lines() {
        return createInterface({input: stdout, crlfDelay: Number.POSITIVE_INFINITY})
      },
      done: ended.then(async () => {
        if (lost !== undefined) return null
        const seen = await this.#engine.say('asking how a program ended', () => exec.inspect()).catch(() => undefined)
        return seen?.ExitCode ?? null
      }),
      stderr: () => complaints,
      get lost() {
        return lost
      },
      async [Symbol.asyncDispose]() {
        stream.end()
        stream.destroy()
      },
    }
  }

  async run(id: string, argv: readonly string[], options: Pick<ExecOptions, 'user'> = {}): Promise<Printed> {
    await using running = await this.exec(id, argv, options)
    running.stdin.end()
    // Awaited here: the stream belongs to this scope.
    return await this.#engine.change(`running ${argv[0]} in a container`, async () => {
      const lines: string[] = []
      for await (const line of running.lines) lines.push(line)
      const code = await running.done
      if (running.lost !== undefined) throw running.lost
      return {code, out: lines.join('\n'), err: running.stderr()}
    })
  }
}
