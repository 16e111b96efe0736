/** What the run was of: the limit that it was judged by, and the cluster with the settings that decide how a failover goes. */

import type {History, Micros, Report, ServiceName, Topology} from '../../../lab/index.ts'
import {of} from '../../../lab/inside/reading.ts'
import type {Caller} from '../../../lab/inside/start.ts'
import {anyCaller, ownCommand, sayMicros} from '../../../lab/inside/start.ts'
import {saidLimit} from '../answer.ts'
import {builtFrom, builtFromTitle, releases} from '../software.ts'
import {html, type Markup} from './markup.ts'

/** On the page's first line, as on that of every report. */
export function limitLine(report: Report): Markup | null {
  const {limit} = report
  const said = saidLimit(report)
  if (limit === null || said === null) return null
  const [measured = '', ...more] = said.split('; ')
  return html`<p class="limit"><b>${measured}</b>${more.map(says => `; ${says}`)}${limit.from !== 'none' && html` <span>(${whose[limit.from]} on ${about[limit.of]})</span>`}</p>`
}

const whose = {
  asked: 'the limit asked for,',
  scenario: "the scenario's limit",
  budget: "the timing model's limit",
} as const
const about = {
  'time-without-writes': 'the time without writes',
  'first-write': 'the time to the first write',
} as const

/** Short, for the first screen. */
export function setup(report: Report, history: History): Markup {
  const topology = topologyOf(history)
  const rows: [string, string | undefined][] = [
    ['Timings', topology && timingsOf(topology).join(', ')],
    ['Software', releases(report).join(', ')],
    ['Topology', `profile ${report.profile}${topology ? `: ${countsOf(topology)}` : ''}`],
  ]
  return html`<dl class="setup">${described(rows)}</dl>`
}

export function aboutSection(report: Report, history: History, called: Caller = anyCaller): Markup {
  const topology = topologyOf(history)
  const checks = topology && [
    `inter ${sayMs(topology.haproxy.interMs)}`,
    `fastinter ${sayMs(topology.haproxy.fastinterMs)}`,
    `fall ${topology.haproxy.fall}`,
    `rise ${topology.haproxy.rise}`,
  ]
  const rows: [string, string | undefined][] = [
    ['Run', report.run],
    ['Began', report.startedAt],
    ['Lasted', sayMicros(report.durationMicros)],
    ['Lab', `${report.lab}, profile ${report.profile}`],
    ['Scenario', report.file === null ? report.scenario : `${report.scenario} (${report.file})`],
    ['Software', releases(report).join(', ')],
    [
      'Patroni',
      topology && [...timingsOf(topology), `synchronous_mode ${topology.patroni.synchronousMode}`].join(', '),
    ],
    ['HAProxy', checks?.join(', ')],
  ]
  return html`<section id="about" aria-labelledby="h-about"><h2 id="h-about">About this run</h2>
<dl class="about">${described(rows)}</dl>
${image(report)}
<p class="note">All times are on the runner's monotonic clock. <code>events.ndjson</code> beside this file holds every event; in its folder <code>${ownCommand('judge', 'events.ndjson').says(called)}</code> judges it again.</p>
</section>`
}

function image(report: Report): Markup | null {
  const rows = builtFrom(report)
  if (rows.length === 0) return null
  return html`<details><summary>W${builtFromTitle.slice(1)}</summary>
<dl class="about">${described(rows)}</dl></details>`
}

function described(rows: readonly (readonly [string, string | undefined])[]): (Markup | false)[] {
  return rows.map(([name, value]) => !!value && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)
}

function topologyOf(history: History): Topology | undefined {
  return of(history, 'run-started')[0]?.topology
}

/** As Patroni spells them. */
function timingsOf({patroni}: Topology): string[] {
  return [
    `ttl ${patroni.ttlSeconds} s`,
    `loop_wait ${patroni.loopWaitSeconds} s`,
    `retry_timeout ${patroni.retryTimeoutSeconds} s`,
  ]
}

function countsOf({hosts, patroni}: Topology): string {
  const count = (service: ServiceName) => hosts.filter(host => host.services.includes(service)).length
  return [
    `${count('patroni')} PostgreSQL`,
    `${count('etcd')} etcd`,
    `${count('haproxy')} HAProxy`,
    ...(count('keepalived') > 0 ? ['a virtual address'] : []),
    ...(count('pgbouncer') > 0 ? [`${count('pgbouncer')} PgBouncer`] : []),
    `synchronous_mode ${patroni.synchronousMode}`,
  ].join(', ')
}

function sayMs(ms: number): string {
  return sayMicros((ms * 1000) satisfies Micros)
}
