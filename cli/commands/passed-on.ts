/** The operator's own tools, in the lab: on a host that has what they work on, with its configuration, and this terminal. */
import type {Command} from 'commander'
import type {HostName, Lab, ServiceName} from '../../lab/index.ts'
import {command, nameOption} from '../options.ts'

interface Tool {
  readonly name: string
  readonly about: string
  readonly example: string
  /** What it works on: any host that has it will do. */
  readonly on: ServiceName
  /** How it is started there. */
  start(args: readonly string[], lab: Lab, host: HostName): Promise<Started> | Started
}

interface Started {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What it reads, instead of this terminal. */
  readonly input?: string
}

interface Options {
  readonly name: string
  readonly host?: string
}

export const patronictl = opening({
  name: 'patronictl',
  about: "Run Patroni's own patronictl on a host of the lab.",
  example: 'patronictl list\npatronictl show-config\npatronictl switchover --candidate node2 --force',
  on: 'patroni',
  // To itself a Ctrl-C is a failure like any other (1, "Aborted!"); here it ends with 130, as everywhere.
  start: args => ({argv: ['sh', '-c', 'trap "exit 130" INT; patronictl "$@"', 'sh', ...args]}),
})

export const etcdctl = opening({
  name: 'etcdctl',
  about: "Run etcd's own etcdctl on a host of the lab, and ask its own member.",
  example: 'etcdctl endpoint status --cluster -w table\netcdctl get --prefix /service/ --keys-only',
  on: 'etcd',
  start: args => ({argv: ['etcdctl', ...args]}),
})

export const haproxy = opening({
  name: 'haproxy',
  about: 'Give a command to HAProxy of the lab, on its admin socket.',
  example: 'haproxy show servers state\nhaproxy --host proxy1 show stat',
  on: 'haproxy',
  // The socket takes one line, in words.
  start: args => ({
    argv: ['socat', '-t', '5', 'STDIO', 'UNIX-CONNECT:/run/haproxy/admin.sock'],
    input: `${args.join(' ').replaceAll(/\s+/g, ' ')}\n`,
  }),
})

export const pgbouncer = opening({
  name: 'pgbouncer',
  about: 'Give commands to PgBouncer of the lab, on its own console: SHOW POOLS, RELOAD, RECONNECT.',
  example: 'pgbouncer show pools\npgbouncer --host node2 reload',
  on: 'pgbouncer',
  // The console is a database of that name. psql would take a word that begins with `-` for an option of its own.
  async start(args, lab, host) {
    const {portOf, roles} = await import('../../lab/index.ts')
    const target = `host=127.0.0.1 port=${portOf(lab.topology, host, 'pgbouncer')} user=${roles.superuser} dbname=pgbouncer`
    return {
      argv: ['psql', '--no-psqlrc', '--set', 'ON_ERROR_STOP=1', target],
      env: {PGPASSWORD: lab.allocation.passwords.superuser},
      input: `${args.join(' ').replaceAll(/\s+/g, ' ')}\n;\n`,
    }
  },
})

function opening({name, about, example, on, start}: Tool): () => Command {
  return () =>
    command(name, about, example)
      .argument('<args...>', `for ${name}: all from the first option that is none of these, or from --, on`)
      .addOption(nameOption())
      .option('--host <host>', `on this host; the first that runs and has ${on}, when not given`)
      .action(async (args: readonly string[], options: Options) => {
        const {engineOfLab, openOurs} = await import('../../lab/index.ts')
        const {mustHave, runningWith} = await import('../known-host.ts')
        const {attach} = await import('../attach.ts')
        const lab = await openOurs(engineOfLab(options.name), options.name)
        const host = options.host === undefined ? await runningWith(lab, on) : mustHave(lab, on, options.host)
        const {argv, env, input} = await start(args, lab, host)
        process.exitCode = await attach(lab, host, argv, env, input)
      })
}
