/** What nobody should do to a cluster, done by hand behind a run's back. */
import {setTimeout as sleep} from 'node:timers/promises'
import {expect} from 'vitest'
import type {Report} from '../../lab/judge/report.ts'
import {expectExit, expectStatus, pghaLab, untilSaid} from './cli.ts'

/** Returns how to undo it. @param said resolves when the run has said this. */
export type Sabotage = (lab: string, said: (what: RegExp) => Promise<void>) => Promise<() => Promise<unknown>>

export type Sabotaged = Report & {readonly folder: string}

const on = (lab: string, host: string, script: string) =>
  expectExit(0, ['shell', '--name', lab, host, '--', 'sh', '-ec', script])

async function leaderOf(lab: string): Promise<string> {
  const {out} = await expectStatus(['--name', lab, '--json'])
  return (JSON.parse(out) as {leader: string}).leader
}

/** The same one that a scenario means by `replica`. */
const replicaBeside = (leader: string) => (leader === 'node1' ? 'node2' : 'node1')

/** HAProxy looks whether PostgreSQL's port is open, and asks nobody who leads. */
export const tcpCheckOnly: Sabotage = async lab => {
  const config = '/etc/haproxy/haproxy.cfg'
  const rewrite = (script: string) => `${script} && s6-svc -r /run/service/haproxy`
  const tcpOnly = `sed -e '/http-\\{0,1\\}ch/d' -e 's/ check port 8008/ check/'`
  await on(lab, 'proxy1', rewrite(`cp ${config} /run/sane.cfg && ${tcpOnly} /run/sane.cfg > ${config}`))
  return () => on(lab, 'proxy1', rewrite(`cat /run/sane.cfg > ${config}`))
}

const promote = 's6-setuidgid postgres pg_ctl promote -D /data/postgresql/main'
const insist = `for try in 1 2 3; do ${promote} || true; sleep 1; done`

/** A replica is promoted past Patroni, by somebody who insists: Patroni undoes it as soon as it looks. */
export const promotedByHand: Sabotage = async lab => {
  await on(lab, replicaBeside(await leaderOf(lab)), insist)
  return async () => {} // Patroni brings it in line
}

/** The same of the replica that is left, a second and more after the last client is back. */
export const promotedLate: Sabotage = async lab => {
  const {out} = await expectStatus(['--name', lab, '--json'])
  const {members} = JSON.parse(out) as {members: readonly {host: string; role: string; state: string}[]}
  const left = members.find(one => one.role !== 'leader' && one.state === 'streaming')
  if (left === undefined) throw new Error(`no replica is left: ${out}`)
  await sleep(1000)
  await on(lab, left.host, insist)
  return async () => {} // Patroni brings it in line
}

/** Somebody takes the new leader out of the proxy, a second and more after the last client is back. */
export const takenOutLate: Sabotage = async lab => {
  const leader = await leaderOf(lab)
  const tell = (what: string) =>
    on(lab, 'proxy1', `echo "${what} server primary/${leader}" | socat - UNIX-CONNECT:/run/haproxy/admin.sock`)
  await sleep(1000)
  await tell('disable')
  await tell('shutdown sessions')
  return () => tell('enable')
}

/** Somebody takes back what the scenario needs. */
export const synchronousModeOff: Sabotage = async lab => {
  const edit = 'patronictl -c /etc/patroni/patroni.yml edit-config --force --quiet'
  await on(lab, 'node1', `${edit} -s synchronous_mode=false -s synchronous_mode_strict=false`)
  return async () => {} // the run takes its settings back at its end
}

/**
 * Patroni of a replica is started anew with another scope: it finds no leader there, and makes itself one. Then the clients
 * connect anew, and the proxy has two primaries for them.
 */
export const anotherScope: Sabotage = async (lab, said) => {
  const leader = await leaderOf(lab)
  const host = replicaBeside(leader)
  const file = '/run/pgha-lab/patroni/scope.yml'
  const restart = 's6-svc -r /run/service/patroni'
  await Promise.all([
    said(new RegExp(`${host} is UP for writes`)),
    on(lab, host, `echo '{"scope": "other"}' > ${file} && ${restart}`),
  ])
  const hangUp = `echo "shutdown sessions server primary/${leader}" | socat - UNIX-CONNECT:/run/haproxy/admin.sock`
  await on(lab, 'proxy1', hangUp)
  return () => on(lab, host, `rm -f ${file} && ${restart}`)
}

/**
 * Plays a scenario and sabotages the lab as soon as the run has said `when`; undoes it when the run has said `until`, or at its
 * end. The run must fail, with exit code 1.
 */
export async function playSabotaged(
  lab: string,
  scenario: string,
  {sabotage, when, until}: {sabotage: Sabotage; when: RegExp; until?: RegExp},
): Promise<Sabotaged> {
  const run = pghaLab(['chaos', scenario, '--name', lab, '--json'])
  await untilSaid(run, when)
  const undo = await sabotage(lab, what => untilSaid(run, what))
  try {
    if (until) await untilSaid(run, until)
  } finally {
    if (until) await undo()
  }
  const {exitCode, stdout, stderr} = await run
  if (!until) await undo()
  expect(exitCode, `${String(stderr)}\n${String(stdout)}`).toBe(1)
  const report = JSON.parse(String(stdout)) as Sabotaged
  expect(report.verdict).toBe('fail')
  return report
}

/** Verdict and reason of each expectation that did not pass, by the name of its check. */
export function complaints(report: Report): Record<string, string> {
  const bad = report.findings.filter(one => one.verdict !== 'pass')
  return Object.fromEntries(bad.map(one => [one.check, `${one.verdict}: ${one.says}`]))
}
