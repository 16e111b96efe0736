/** Which arguments of `pgha-lab psql` are psql's own. */
import {psql} from './commands/psql.ts'

/**
 * With `--` before the first argument that is psql's own, as if the person had written it: what follows is psql's, and an option
 * that both have means psql's there.
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
    if (known === undefined) return [...argv.slice(0, index), '--', ...argv.slice(index)]
    if (known.required && value === undefined) index++
  }
  return [...argv]
}
