/** How the configurations of a running cluster are given: with --from all together, told apart by their content, or each by its kind. */
import type {Command} from 'commander'
import type {Kind} from '../lab/inside/start.ts'

const kinds = ['haproxy', 'etcd', 'pgbouncer', 'keepalived'] as const satisfies readonly Kind[]

export interface TheirFiles extends Partial<Record<(typeof kinds)[number], readonly string[]>> {
  from?: readonly string[]
}

export function addTheirFiles(command: Command): Command {
  return command
    .option('--from <file...>', 'configurations of a cluster of yours: patroni.yml and all others')
    .option('--haproxy <file...>', 'of these, the haproxy.cfg')
    .option('--etcd <file...>', "of these, etcd's settings: environment or YAML")
    .option('--pgbouncer <file...>', 'of these, the pgbouncer.ini')
    .option('--keepalived <file...>', 'of these, the keepalived.conf')
}

/** Each once, by the last kind that it is given as; empty where none is given. */
export function theirFiles(
  options: TheirFiles,
  more: readonly string[] = [],
): readonly {readonly file: string; readonly as: Kind | undefined}[] {
  const given = [
    ...[...(options.from ?? []), ...more].map(file => ({file, as: undefined})),
    ...kinds.flatMap(as => (options[as] ?? []).map(file => ({file, as}))),
  ]
  return [...new Map(given.map(one => [one.file, one])).values()]
}
