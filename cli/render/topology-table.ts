/** The topologies that come with the lab, as a table that fits its terminal: what runs where, and below it what each is for. Pure. */

import type {ServiceName} from '../../lab/index.ts'
import type {Preset} from '../../lab/inside/reading.ts'
import {hostsWith, onLab, ownCommand} from '../../lab/inside/start.ts'
import {caller} from '../called-as.ts'
import {align, finished, styleOf, type TextOptions, wrap} from './layout.ts'

export function topologyTable(all: readonly Preset[], options: TextOptions): string {
  const {width, paint} = styleOf(options)
  const count = ({topology}: Preset, service: ServiceName) => String(hostsWith(topology, service).length)
  const rows = [
    ['topology', 'hosts', 'etcd', 'PostgreSQL', 'HAProxy', 'PgBouncer'],
    ...all.map(one => [
      ...[one.name, String(one.topology.hosts.filter(host => !host.services.includes('client')).length)],
      ...[count(one, 'etcd'), count(one, 'patroni'), count(one, 'haproxy'), count(one, 'pgbouncer')],
    ]),
  ]
  const [head = '', ...lines] = align(rows, [1, 2, 3, 4, 5])
  const called = caller()
  const text = [
    paint.bold(head),
    ...lines.flatMap((line, index) => [line, ...wrap(all[index]!.about, width - 4).map(one => `    ${one}`)]),
    '',
    'next:',
    `  ${onLab(called.lab, 'up', '--topology', all[1]?.name ?? all[0]!.name).says(called)}`,
    `  ${ownCommand('topologies', 'show', all[0]!.name).says(called)} > lab.yaml`,
  ]
  return finished(`${text.join('\n')}\n`, options)
}
