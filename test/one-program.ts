/**
 * Many command lines in one program, one after another: to load it for each would take most of the time of their tests.
 * `one-program.ts SOCKET` answers there until its stdin ends, and must then end by itself: no command has left anything behind
 * that goes on.
 */
import {connect, createServer} from 'node:net'
import {text} from 'node:stream/consumers'
import {run} from '../cli/program.ts'

/** What one call asks for, as JSON until the end of what is sent. */
export interface Asked {
  readonly words: readonly string[]
  readonly cwd: string
  readonly env: Readonly<NodeJS.ProcessEnv>
}

/** How it ended: the answer, as JSON. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export type Perform = (words: readonly string[]) => Promise<void>

export function answerAt(socket: string, perform: Perform): void {
  let before: Promise<unknown> = Promise.resolve()
  const server = createServer({allowHalfOpen: true}, asking => {
    before = Promise.all([text(asking), before]).then(async ([asked]) => {
      asking.end(JSON.stringify(await performed(JSON.parse(asked), perform)))
    })
  })
  server.listen(socket)
  process.stdin.resume().once('end', () => server.close())
}

export async function ask(socket: string, asked: Asked): Promise<Ended> {
  const asking = connect(socket)
  asking.end(JSON.stringify(asked))
  return JSON.parse(await text(asking))
}

/** One after another: what is put in force for one call is the whole program's. */
export async function performed({words, cwd, env}: Asked, perform: Perform): Promise<Ended> {
  const said = {stdout: '', stderr: ''}
  const own = {stdout: process.stdout.write, stderr: process.stderr.write, env: process.env}
  for (const stream of ['stdout', 'stderr'] as const)
    process[stream].write = (text: string | Uint8Array) => {
      said[stream] += typeof text === 'string' ? text : new TextDecoder().decode(text)
      return true
    }
  process.chdir(cwd)
  process.env = {...env}
  process.exitCode = 0
  try {
    await perform(words)
    return {code: Number(process.exitCode), out: said.stdout, err: said.stderr}
  } catch (error) {
    return {code: 1, out: said.stdout, err: `${said.stderr}${String(error)}`}
  } finally {
    process.stdout.write = own.stdout
    process.stderr.write = own.stderr
    process.env = own.env
    process.exitCode = 0
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error')
  }
}

if (import.meta.main) answerAt(process.argv[2]!, words => run(['node', 'pgha-lab', ...words]))
