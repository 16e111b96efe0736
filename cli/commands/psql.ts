import type {Command} from 'commander'
import {command, nameOption} from '../options.ts'
import {printData} from '../output.ts'

interface Options {
  name: string
  replica?: boolean
  host?: string
  superuser?: boolean
  url?: boolean
}

export function psql(): Command {
  return command(
    'psql',
    'Open psql in the lab: through HAProxy to the leader, or to a replica, or one host directly.',
    'psql\npsql --replica -- -c "select pg_is_in_recovery()"\npsql --host node2 --superuser',
  )
    .argument('[args...]', 'for psql: all from the first option that is none of these, or from --, on')
    .addOption(nameOption())
    .option('--replica', 'through the read-only port')
    .option('--host <host>', 'one host directly, past HAProxy')
    .option('--superuser', 'as the superuser instead of the app role')
    .option('--url', 'print the connection string, with its password, instead of connecting')
    .action(action)
}

async function action(args: readonly string[], options: Options): Promise<void> {
  const {appDatabase, doorOf, engineOfLab, entries, hostsWith, openLab, portOf, roles} = await import(
    '../../lab/index.ts'
  )
  const {attach} = await import('../attach.ts')
  const {mustHave} = await import('../known-host.ts')
  const lab = openLab(engineOfLab(options.name), options.name)
  const [client = ''] = hostsWith(lab.topology, 'client')
  if (options.host !== undefined) mustHave(lab, 'patroni', options.host)
  const entry = entries(lab.topology)[options.replica ? 'replicas' : 'primary']
  const [host, port] = options.host === undefined ? [doorOf(entry), entry.service] : [options.host, 'postgres' as const]
  const role = options.superuser ? 'superuser' : 'app'
  const password = lab.allocation.passwords[role]
  if (options.url) {
    const at = lab.reach(host, port)
    printData(
      `postgresql://${roles[role]}:${password}@${at.host}:${at.port}/${appDatabase}${lab.inTls ? '?sslmode=require' : ''}\n`,
    )
    return
  }
  const target = `host=${lab.allocation.addresses[host]} port=${portOf(lab.topology, host, port)} user=${roles[role]} dbname=${appDatabase}`
  process.exitCode = await attach(lab, client, ['psql', target, ...args], {PGPASSWORD: password})
}
