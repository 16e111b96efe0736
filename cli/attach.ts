/** A program inside a host with this terminal as its own, through the docker client. */
import {execa} from 'execa'
import {LabError} from '../lab/errors.ts'
import type {HostName} from '../lab/event.ts'
import type {Lab} from '../lab/lab.ts'

/** Returns the program's exit code. Variables travel by name: their values never stand in a process list. */
export async function attach(
  lab: Lab,
  host: HostName,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const container = await lab.container(host)
  if (container.state !== 'running')
    throw new LabError('not-ready', `host ${host} is ${container.state === 'exited' ? 'down' : container.state}`, {
      hint: `pgha-lab heal --name ${lab.name}`,
    })
  const names = Object.keys(env).flatMap(name => ['-e', name])
  const tty = process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : []
  const result = await execa('docker', ['exec', '-i', ...tty, ...names, container.id, ...argv], {
    stdio: 'inherit',
    reject: false,
    env,
  })
  if (result.exitCode === undefined)
    throw new LabError('engine', `docker exec failed: ${result.shortMessage}`, {hint: 'pgha-lab doctor'})
  return result.exitCode
}
