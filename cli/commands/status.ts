import type {Command} from 'commander'
import {LabError} from '../../lab/errors.ts'
import type {Mend} from '../../lab/event.ts'
import type {Health} from '../../lab/health.ts'
import type {Lab} from '../../lab/lab.ts'
import {onLab} from '../../lab/next-step.ts'
import {spokenNext} from '../called-as.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'
import {print} from '../output.ts'

export function status(): Command {
  return command(
    'status',
    'Show a lab: members, routes, and what is broken; and which labs of other owners this engine has.\nBroken is what the journal says that pgha-lab broke, and what the engine, the hosts and Patroni show, whoever did it.',
    'status\nstatus --name second\nstatus --all --json',
  )
    .addOption(nameOption())
    .option('-a, --all', 'all labs')
    .addOption(jsonOption())
    .action(action)
}

async function action({name, all, json}: {name: string; all?: boolean; json?: boolean}): Promise<void> {
  const {Docker} = await import('../../lab/docker.ts')
  const {openLab} = await import('../../lab/open.ts')
  const {loadLabs, savedLabs} = await import('../../lab/state.ts')
  const {health} = await import('../../lab/health.ts')
  const {inForce} = await import('../../lab/journal.ts')
  const {broken, leftover} = await import('../../lab/broken.ts')
  const {sayHolder, worksOn} = await import('../../lab/lock.ts')
  const {describe} = await import('../../lab/mend.ts')
  const {notYours, standings} = await import('../../lab/ownership.ts')
  const docker = new Docker()
  const saved = all ? loadLabs() : undefined
  const names = saved?.readable.map(one => one.allocation.lab) ?? [name]
  const unreadable = saved?.broken ?? []
  // First: this can be told without an engine.
  if (!json) for (const {error} of unreadable) print(`${error.message}\n${spokenNext(error.next ?? '')}\n`)
  const others = (await standings(docker)).filter(one => !one.mine || one.stale)
  const other = others.find(one => one.lab === name)
  if (!all && other !== undefined && !savedLabs().includes(name)) throw notYours(other)
  const seen = await Promise.all(
    names.map(async one => {
      const lab = openLab(docker, one)
      const before = worksOn(one)
      const [now, {signs, unknown}] = await Promise.all([health(lab), looked(broken(lab))])
      // Whoever works on it may have begun or ended meanwhile.
      const inUse = worksOn(one) ?? before
      return {lab, inUse, health: now, faults: inForce(one), signs: leftover(signs, inUse !== null), unknown}
    }),
  )
  if (json) {
    const plain = seen.map(({lab, inUse, health, faults, signs, unknown}) => ({
      lab: lab.name,
      profile: lab.topology.profile,
      /** The command that works on it right now, {pid, doing}; null: none. */
      inUse,
      ...health,
      /** By the journal of what pgha-lab broke, and by what the engine and the hosts' kernels show. */
      faultsInForce: faults,
      broken: signs.map(mend => ({mend, says: describe(mend)})),
      /** Why nobody can tell what is broken right now (a host is booting, say); null when somebody could. */
      brokenUnknown: unknown,
    }))
    // Of another owner's lab nobody but its owner knows more.
    const foreign = others.map(({lab, owner, running, stale, says}) => ({lab, foreign: {owner, running, stale, says}}))
    const broken = unreadable.map(({lab, error}) => ({lab, unreadable: error.message, next: error.hint ?? null}))
    printJson(all ? [...plain, ...broken, ...foreign] : plain[0])
    return
  }
  if (seen.length + others.length + unreadable.length === 0) print('no labs\n')
  for (const {lab, inUse, health, faults, signs, unknown} of seen) {
    print(table(lab, health))
    if (inUse !== null) print(`in use by ${sayHolder(inUse)}\n`)
    if (unknown !== null) print(`what is broken inside cannot be told right now: ${unknown}\n`)
    for (const {fault, mend} of faults) print(`fault in force: ${fault}; to do: ${describe(mend)}\n`)
    const known = new Set(faults.map(({mend}) => describe(mend)))
    for (const says of signs.map(describe).filter(one => !known.has(one))) print(`broken; to do: ${says}\n`)
    // `heal` is refused while another command works on the lab, and a run mends what it broke.
    if (faults.length + signs.length > 0 && inUse === null) print(`${spokenNext(onLab(lab.name, 'heal'))}\n`)
  }
  for (const {lab, says, stale} of others)
    print(`lab ${lab} ${says}\n${stale ? `${spokenNext(onLab(lab, 'down', '--stale'))}\n` : ''}`)
}

/** A host that is booting, or of an older version, cannot tell: that must not hide how the rest of the lab is. */
async function looked(signs: Promise<Mend[]>): Promise<{signs: Mend[]; unknown: string | null}> {
  try {
    return {signs: await signs, unknown: null}
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'engine') throw error
    return {signs: [], unknown: error.message}
  }
}

function table(lab: Lab, {healthy, complaints, members, routes}: Health): string {
  const rows = [
    ['member', 'host', 'role', 'state', 'timeline', 'lag', 'reached through'],
    ...members.map(one => [
      one.host,
      one.container === 'running' ? 'up' : one.container,
      one.role ?? '-',
      one.state ?? '-',
      String(one.timeline ?? '-'),
      one.role === 'leader' ? '-' : one.lagBytes === null ? '?' : `${one.lagBytes} B`,
      routes
        .filter(route => route.server === one.host && route.up)
        .map(route => `${route.proxy}:${route.backend === 'primary' ? 5000 : 5001}`)
        .join(' ') || '-',
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  const lines = rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
  const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = lab.topology.patroni
  const verdict = healthy ? 'healthy' : `not healthy: ${complaints.join('; ')}`
  return `lab ${lab.name} (${lab.topology.profile}: ttl ${ttlSeconds} loop_wait ${loopWaitSeconds} retry_timeout ${retryTimeoutSeconds}): ${verdict}\n${lines.join('\n')}\n`
}
