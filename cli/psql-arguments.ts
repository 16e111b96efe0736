/** Which arguments of `pgha-lab psql` are psql's own. */
import {psql} from './commands/psql.ts'

/**
 * With `--` before the first argument that is psql's own, as if the person had written it: what follows is psql's, and an option
 * that both have means psql's there. Options that psql has not are ours wherever they stand, but not as the value of another.
 */
export function withPsqlsOwn(argv: readonly string[]): string[] {
  const at = argv.indexOf('psql')
  if (at < 0 || argv.slice(2, at).some(one => one !== '--allow-remote')) return [...argv]
  const own = psql().options.map(({short, long, required}) => ({names: [short, long], required}))
  for (let index = at + 1; index < argv.length; index++) {
    const [name = '', value] = (argv[index] ?? '').split('=', 2)
    if (name === '--') return [...argv]
    if (['-h', '--help', '--allow-remote'].includes(name)) continue
    const known = own.find(({names}) => names.includes(name))
    if (known === undefined) {
      const {ours, theirs} = parted(argv.slice(index))
      return [...argv.slice(0, index), ...ours, '--', ...theirs]
    }
    if (known.required && value === undefined) index++
  }
  return [...argv]
}

/** Of the options of ours, psql knows the word of one: --host. With a value or without. */
const onlyOurs = new Map([
  ['--name', true],
  ['--replica', false],
  ['--superuser', false],
  ['--url', false],
])

function parted(args: readonly string[]): {readonly ours: readonly string[]; readonly theirs: readonly string[]} {
  const ours: string[] = []
  const theirs: string[] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ''
    if (word === '--') return {ours, theirs: [...theirs, ...args.slice(index)]}
    const [name = '', value] = word.split('=', 2)
    const takesValue = onlyOurs.get(name)
    // Behind one of psql's short options that take a value, it may be that value.
    if (takesValue === undefined || /^-[A-Za-z0-9]*[cdfFhLopPRTUv]$/.test(args[index - 1] ?? '')) theirs.push(word)
    else {
      ours.push(word)
      if (takesValue && value === undefined && args[index + 1] !== undefined) ours.push(args[++index] ?? '')
    }
  }
  return {ours, theirs}
}
