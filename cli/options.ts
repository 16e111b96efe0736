/** Options that several commands share, and the example that every help begins with. */
import {Command, InvalidArgumentError, Option} from 'commander'
import {checkLabName} from '../lab/state.ts'

export const defaultLab = 'lab'

/** @param about its first line stands in the list of all commands, the whole in its own help. */
export function command(name: string, about: string, example: string): Command {
  const indented = example.split('\n').map(line => `  ${line}`)
  return new Command(name)
    .summary(about.split('\n')[0] ?? about)
    .description(about)
    .addHelpText('before', `Example:\n${indented.join('\n')}\n`)
    .helpOption('-h, --help', 'show this help')
}

export function nameOption(): Option {
  return new Option('-n, --name <lab>', 'which lab').default(defaultLab).argParser(checkLabName).env('PGHA_LAB_NAME')
}

/** How a person says which topology; `lab/topology-file.ts` reads it. */
export interface TopologyOptions {
  topology?: string
  profile?: string
  set?: readonly string[]
}

export function addTopologyOptions(to: Command): Command {
  return to
    .option('-t, --topology <preset|file>', 'a preset or a lab.yaml of yours')
    .option('-p, --profile <profile>', 'timings: default (Patroni 30/10/10) or fast (20/1/3)')
    .option('-s, --set <key=value>', 'change one setting, such as patroni.ttl=25s (repeatable)', collect)
}

export function asksForTopology({topology, profile, set}: TopologyOptions): boolean {
  return topology !== undefined || profile !== undefined || set !== undefined
}

export function jsonOption(): Option {
  return new Option('--json', 'print data as JSON on stdout')
}

/** How often: a whole number from 1 to 1000. */
export function times(written: string): number {
  if (/^[1-9]\d{0,2}$|^1000$/.test(written)) return Number(written)
  throw new InvalidArgumentError('It is a whole number from 1 to 1000.')
}

/** Gathers an option that may be given several times. */
function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
