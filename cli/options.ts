/** Options that several commands share, and the example that every help begins with. */
import {Command, Option} from 'commander'
import {checkLabName} from '../lab/state.ts'

export const defaultLab = 'lab'

export function command(name: string, about: string, example: string): Command {
  const indented = example.split('\n').map(line => `  ${line}`)
  return new Command(name)
    .description(about)
    .addHelpText('before', `Example:\n${indented.join('\n')}\n`)
    .helpOption('-h, --help', 'show this help')
}

export function nameOption(): Option {
  return new Option('-n, --name <lab>', 'which lab').default(defaultLab).argParser(checkLabName).env('PGHA_LAB_NAME')
}

export function jsonOption(): Option {
  return new Option('--json', 'print data as JSON on stdout')
}

/** Gathers an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
