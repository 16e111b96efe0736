/** A program inside a host with this terminal as its own, through the docker client. */
import {execa} from 'execa'
import type {HostName, Lab} from '../lab/index.ts'
import {LabError, onLab, ownCommand, stopped} from '../lab/inside/start.ts'

/**
 * Returns the program's exit code. Variables travel by name: their values never stand in a process list.
 * @param input what the program reads, instead of this terminal.
 */
export async function attach(
  lab: Lab,
  host: HostName,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): Promise<number> {
  const container = await lab.container(host)
  if (container.state !== 'running')
    throw new LabError('not-ready', `host ${host} is ${container.state === 'exited' ? 'down' : container.state}`, {
      hint: onLab(lab.name, 'heal'),
    })
  // The docker client waits for ever for an engine that cannot start a program any more, and lets no Ctrl-C through.
  const engine = lab.engineOf(host)
  await engine.run(container.id, ['true'])
  using answering = engine.answering()
  const names = Object.keys(env).flatMap(name => ['-e', name])
  const tty = input === undefined && process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : []
  const result = await execa('docker', ['exec', '-i', ...tty, ...names, container.id, ...argv], {
    ...(input === undefined ? {stdin: 'inherit'} : {input}),
    ...{stdout: 'inherit', stderr: 'inherit'},
    reject: false,
    env: {...env, ...engine.environment},
    cancelSignal: answering.signal,
  })
  if (result.isCanceled) throw stopped(answering.signal.reason, 'the docker client was stopped')
  if (result.exitCode === undefined)
    throw new LabError('engine', `docker exec failed: ${result.shortMessage}`, {hint: ownCommand('doctor')})
  return result.exitCode
}
