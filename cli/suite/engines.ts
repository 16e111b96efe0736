/** The engines that a suite is to be spread over, as they are named on the command line. */
import type {SuiteJob, Topology} from '../../lab/index.ts'
import {addressOf, checkEngineName, simulate} from '../../lab/inside/engine.ts'
import {LabError} from '../../lab/inside/start.ts'

/** @throws LabError `usage` for what is no name, or the same engine twice; `docker-missing` for a context that is not there. */
export function enginesNamed(written: string): readonly string[] {
  const names = written.split(',').map(one => checkEngineName(one.trim()))
  const addresses = names.map(addressOf)
  for (const [index, name] of names.entries()) {
    const first = names[addresses.indexOf(addresses[index]!)]
    if (addresses.indexOf(addresses[index]!) < index)
      throw new LabError('usage', `--engines names one engine twice: ${first}${first === name ? '' : ` and ${name}`}`, {
        hint: 'name each once; --parallel says how many labs one of them may have at once',
      })
  }
  return names
}

/** @param file of which the labs are. @throws LabError `usage` for one that lays a lab over several engines itself. */
export function mustLieWhole({engines}: Topology, file = ''): void {
  if (engines === undefined) return
  throw new LabError(
    'usage',
    `--engines lays each lab of a suite whole on one engine, and ${file} lays a lab over several`,
    {hint: 'leave --engines out, or `engines` of that file'},
  )
}

/** One after the other. @throws LabError as `ready`, with the engine's name. */
export async function allReady(
  engines: readonly string[] | undefined,
  ready: (engine?: string) => Promise<unknown>,
): Promise<void> {
  if (engines === undefined) return void (await ready())
  for (const engine of engines)
    await ready(engine).catch((error: unknown) => {
      if (!(error instanceof LabError)) throw error
      throw new LabError(error.code, `engine ${engine}: ${error.message}`, {cause: error, hint: error.next})
    })
}

/** How long it will take with one lab on each, by what its scenarios took before. */
export function sayPlan(jobs: readonly SuiteJob[], engines: readonly string[]): string {
  const minutes = (seats: number) => Math.ceil(simulate(jobs, seats).seconds / 60)
  const [all, one] = [minutes(engines.length), minutes(1)]
  return `${jobs.length} runs on ${engines.join(', ')}: about ${all} min with one lab on each${engines.length === 1 ? '' : `, ${one} min on one engine`}\n`
}
