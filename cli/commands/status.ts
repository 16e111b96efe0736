import type {Command} from 'commander'
import type {Docker, Mend} from '../../lab/index.ts'
import type {Broken} from '../../lab/inside/labs.ts'
import {exitCodes, LabError, onLab, savedLabs, sayLines} from '../../lab/inside/start.ts'
import {caller, spokenNext} from '../called-as.ts'
import {command, jsonOption, nameOption, printJson} from '../options.ts'
import {print} from '../output.ts'

export function status(): Command {
  return command(
    'status',
    'Show a lab: members, modes, proxies, and what is broken; and which labs of other owners this engine has.\nBroken is what the journal says that pgha-lab broke, and what the engine, the hosts and Patroni show, whoever did it.\nExit code: 0 every lab that was looked at is healthy, 3 one is not.',
    'status\nstatus --name second\nstatus --all --json',
  )
    .addOption(nameOption())
    .option('-a, --all', 'all labs')
    .addOption(jsonOption())
    .action(action)
}

async function action({name, all, json}: {name: string; all?: boolean; json?: boolean}): Promise<void> {
  const {loadLabs} = await import('../../lab/inside/kept.ts')
  const {notYours, standings} = await import('../../lab/inside/labs.ts')
  const saved = all ? loadLabs() : undefined
  const names = saved?.readable.map(one => one.allocation.lab) ?? [name]
  const tell = ({error}: BrokenLab) => json || print(`${error.message}\n${spokenNext(error.next ?? '')}\n`)
  // First: this can be told without an engine.
  saved?.broken.forEach(tell)
  const {engines, absent} = await enginesOf(names, all === true)
  absent.forEach(tell)
  const unreadable = [...(saved?.broken ?? []), ...absent]
  const looks = () =>
    Promise.all([...engines].flatMap(([lab, docker]) => (names.includes(lab) ? [look(docker, lab)] : [])))
  const asked = Promise.all([...new Set(engines.values())].map(docker => standings(docker)))
  // One that is kept here is looked at meanwhile.
  const isKept = all === true || savedLabs().includes(name)
  const [standing, early] = await Promise.all([asked, isKept ? looks() : undefined])
  const told = new Map(standing.flat().map(one => [JSON.stringify([one.lab, one.owner]), one]))
  const others = [...told.values()].filter(one => !one.mine || one.stale)
  const other = others.find(one => one.lab === name)
  if (!isKept && other !== undefined) throw notYours(other)
  const looked = early ?? (await looks())
  if (absent.length > 0 || looked.some(one => !one.health.healthy)) process.exitCode = exitCodes.lab
  if (json) {
    const plain = await Promise.all(looked.map(plainly))
    // Of another owner's lab nobody but its owner knows more.
    const foreign = others.map(({lab, owner, running, stale, says}) => ({lab, foreign: {owner, running, stale, says}}))
    const broken = unreadable.map(({lab, error}) => ({lab, unreadable: error.message, next: error.hint ?? null}))
    printJson(all ? [...plain, ...broken, ...foreign] : plain[0])
    return
  }
  if (looked.length + others.length + unreadable.length === 0) print('no labs\n')
  for (const one of looked) await show(one)
  for (const {lab, says, stale} of others)
    print(`lab ${lab} ${says}\n${stale ? `${spokenNext(onLab(lab, 'down', '--stale'))}\n` : ''}`)
}

interface BrokenLab {
  readonly lab: string
  readonly error: LabError
}

/**
 * The engine of each lab, one object for labs that share it, and with `all` of the empty name the one in use. One of several that does not
 * answer spoils no other; the only one there is stops the command.
 */
async function enginesOf(
  names: readonly string[],
  all: boolean,
): Promise<{
  readonly engines: ReadonlyMap<string, Docker>
  readonly absent: readonly BrokenLab[]
}> {
  const {Docker, engineOfLab} = await import('../../lab/inside/labs.ts')
  const inUse = all ? [['', () => new Docker()] as const] : []
  const asked = [...inUse, ...names.map(lab => [lab, () => engineOfLab(lab)] as const)]
  const known = new Map<string, Promise<Docker>>()
  const answering = async (docker: Docker) => {
    await docker.version()
    return docker
  }
  const found = await Promise.allSettled(
    asked.map(async ([lab, engine]) => {
      const docker = engine()
      // That of a lab on several engines knows which of its hosts lies where.
      const key = docker.several === undefined ? docker.name : `${lab} on several`
      const one = known.get(key) ?? answering(docker)
      known.set(key, one)
      return [lab, await one] as const
    }),
  )
  const engines = new Map(found.flatMap(one => (one.status === 'fulfilled' ? [one.value] : [])))
  const absent = found.flatMap((one, index) => {
    if (one.status === 'fulfilled') return []
    if (!(one.reason instanceof LabError) || engines.size === 0) throw one.reason
    const lab = asked[index]?.[0] ?? ''
    const {code, message, next: hint} = one.reason
    return lab === ''
      ? []
      : [{lab, error: new LabError(code, `lab ${lab} cannot be asked: ${message}`, {cause: one.reason, hint})}]
  })
  return {engines, absent}
}

async function look(docker: Docker, name: string) {
  const {broken, healthOf, inForce, leftover, modes, openLab, worksOn} = await import('../../lab/inside/labs.ts')
  const lab = openLab(docker, name)
  const before = worksOn(name)
  const [now, mode, {signs, unknown}] = await Promise.all([healthOf(lab), modes(lab), tellable(broken(lab))])
  // Whoever works on it may have begun or ended meanwhile.
  const inUse = worksOn(name) ?? before
  const left = leftover(signs, inUse !== null)
  return {lab, inUse, health: now, modes: mode, faults: inForce(name), signs: left, unknown}
}

type Looked = Awaited<ReturnType<typeof look>>

async function plainly({lab, inUse, health, modes, faults, signs, unknown}: Looked): Promise<object> {
  const {sayMend} = await import('../../lab/inside/labs.ts')
  const {proxiesOf, standbysOf} = await import('../render/status-text.ts')
  return {
    lab: lab.name,
    profile: lab.topology.profile,
    /** The command that works on it right now, {pid, doing}; null: none. */
    inUse,
    ...health,
    lasting:
      health.lasting === undefined ? null : {says: health.lasting.says, next: sayLines(health.lasting.cure, caller())},
    proxies: proxiesOf(lab.topology, health.routes),
    synchronous: {mode: modes.synchronousMode, standbys: standbysOf(health)},
    watchdog: modes.watchdog,
    failsafe: modes.failsafe,
    paused: modes.paused,
    /** By the journal of what pgha-lab broke, and by what the engine and the hosts' kernels show. */
    faultsInForce: faults,
    broken: signs.map(mend => ({mend, says: sayMend(mend)})),
    /** Why nobody can tell all that is broken right now (a host is booting, or shows what has no mend); null when somebody could. */
    brokenUnknown: unknown,
  }
}

async function show({lab, inUse, health, modes, faults, signs, unknown}: Looked): Promise<void> {
  const {sayHolder, sayMend} = await import('../../lab/inside/labs.ts')
  const {renderStatus} = await import('../render/status-text.ts')
  const {wrap} = await import('../render/layout.ts')
  // What no terminal shows is not wrapped: a program looks for whole sentences.
  const width = process.stdout.columns ?? Number.POSITIVE_INFINITY
  print(renderStatus({name: lab.name, topology: lab.topology, health, modes}, width))
  if (health.lasting !== undefined) print(`${spokenNext(health.lasting.cure)}\n`)
  const known = new Set(faults.map(({mend}) => sayMend(mend)))
  const sentences = [
    ...(inUse === null ? [] : [`in use by ${sayHolder(inUse)}`]),
    ...(unknown === null ? [] : [`what is broken inside cannot be told right now: ${unknown}`]),
    ...faults.map(({fault, mend}) => `fault in force: ${fault}; to do: ${sayMend(mend)}`),
    ...signs.flatMap(sign => (known.has(sayMend(sign)) ? [] : [`broken; to do: ${sayMend(sign)}`])),
  ]
  for (const one of sentences) print(`${wrap(one, width).join('\n')}\n`)
  // `heal` is refused while another command works on the lab, and a run mends what it broke.
  if (faults.length + signs.length > 0 && inUse === null) print(`${spokenNext(onLab(lab.name, 'heal'))}\n`)
}

/** A host that is booting, or of another version, cannot tell all: that must not hide how the rest of the lab is. */
async function tellable(found: Promise<Broken>): Promise<{signs: readonly Mend[]; unknown: string | null}> {
  try {
    const {mends, unknown} = await found
    return {signs: mends, unknown: unknown.length === 0 ? null : unknown.join('; ')}
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'engine') throw error
    return {signs: [], unknown: error.message}
  }
}
