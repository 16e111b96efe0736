/** Which arguments of a command are those of the program that it opens: `psql`, `patronictl`, `etcdctl`, `haproxy`, `pgbouncer`. */
import type {Command} from 'commander'
import {etcdctl, haproxy, patronictl, pgbouncer} from './commands/passed-on.ts'
import {psql} from './commands/psql.ts'

/** What every command has; before it they are ours. Behind it psql has a -q of its own. */
export const forAll: ReadonlySet<string> = new Set(['--allow-remote', '-q', '--quiet'])

interface Opens {
  readonly command: () => Command
  /** Options of ours that the program has not, each with a value or without: they are ours wherever they stand. */
  readonly onlyOurs: ReadonlyMap<string, boolean>
  /** What of the program's own takes the next word as its value, whatever that is. */
  readonly takesNext: RegExp | null
}

/** psql has one of our words, too: --host. */
const opens: Readonly<Record<string, Opens>> = {
  psql: {
    command: psql,
    onlyOurs: new Map([
      ['--name', true],
      ['--replica', false],
      ['--superuser', false],
      ['--url', false],
    ]),
    takesNext: /^-[A-Za-z0-9]*[cdfFhLopPRTUv]$/,
  },
  ...Object.fromEntries(
    Object.entries({patronictl, etcdctl, haproxy, pgbouncer}).map(([name, command]) => [
      name,
      {
        command,
        onlyOurs: new Map([
          ['--name', true],
          ['--host', true],
        ]),
        takesNext: null,
      },
    ]),
  ),
}

/**
 * With `--` before the first argument that is the program's own, as if the person had written it: what follows is the program's, and
 * an option that both have means the program's there. Options that the program has not are ours wherever they stand, but not as the
 * value of another.
 */
export function withTheirOwn(argv: readonly string[]): string[] {
  const at = argv.findIndex((word, index) => index >= 2 && !forAll.has(word))
  const opened = Object.hasOwn(opens, argv[at] ?? '') ? opens[argv[at]!] : undefined
  if (opened === undefined) return [...argv]
  const own = opened.command().options.map(({short, long, required}) => ({names: [short, long], required}))
  for (let index = at + 1; index < argv.length; index++) {
    const [name = '', value] = (argv[index] ?? '').split('=', 2)
    if (name === '--') return [...argv]
    if (['-h', '--help', '--allow-remote'].includes(name)) continue
    const known = own.find(({names}) => names.includes(name))
    if (known === undefined) {
      const {ours, theirs} = parted(argv.slice(index), opened)
      return [...argv.slice(0, index), ...ours, '--', ...theirs]
    }
    if (known.required && value === undefined) index++
  }
  return [...argv]
}

function parted(
  args: readonly string[],
  {onlyOurs, takesNext}: Opens,
): {readonly ours: readonly string[]; readonly theirs: readonly string[]} {
  const ours: string[] = []
  const theirs: string[] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ''
    if (word === '--') return {ours, theirs: [...theirs, ...args.slice(index)]}
    const [name = '', value] = word.split('=', 2)
    const takesValue = onlyOurs.get(name)
    if (takesValue === undefined || takesNext?.test(args[index - 1] ?? '')) theirs.push(word)
    else {
      ours.push(word)
      if (takesValue && value === undefined && args[index + 1] !== undefined) ours.push(args[++index] ?? '')
    }
  }
  return {ours, theirs}
}
