/** One fault by itself, in force until it is disposed of: for code that is no scenario. */
import {effectiveTimings} from '../budget/index.ts'
import {selectors} from '../cluster/selector.ts'
import type {Lab} from '../engine/lab.ts'
import {faults} from '../faults/index.ts'
import {of, type Recorder} from '../history/history.ts'
import {mustBeAble, type Step} from '../scenario/index.ts'
import {namedIn} from '../scenario/params.ts'
import {inForce} from '../state/journal.ts'
import type {HostName} from '../topology/topology.ts'
import {insteadOf, suggestion} from '../words/did-you-mean.ts'
import {LabError} from '../words/errors.ts'
import {wordsOf} from '../words/issue-words.ts'
import {printable} from '../words/printable.ts'
import type {ChosenMoment} from './injection-phase.ts'
import {Injections} from './injections.ts'
import {momentOf} from './moment-of.ts'

export interface InjectOptions {
  /** Whom: a selector such as `leader`, a host's name, or several of them. Only faults that concern the whole cluster do without. */
  readonly on?: string | readonly string[]
  /** The fault's parameters as a scenario file has them: `{what: 'host'}`, `{limit: '30s'}`. */
  readonly params?: Readonly<Record<string, unknown>>
  /** What it is called in the history and on the hosts; by the fault's name, and a number after the first, when not given. */
  readonly as?: string
  /** When in Patroni's HA loop it comes; at once when not given. Only under an `observe`, which sees the refreshes of the lease. */
  readonly phase?: ChosenMoment
  /** Ends the injection, never the mending. */
  readonly signal?: AbortSignal
}

/** A fault in force. Its disposal mends it. */
export interface Injected extends AsyncDisposable {
  readonly id: string
  readonly hosts: readonly HostName[]
  /** Its own proof has shown that it took hold. Without one the judge calls the run inconclusive. */
  readonly held: boolean
  /**
   * Mends it now, and does nothing the second time. It heeds no signal and has a time limit of its own.
   * @throws LabError `heal-failed`, which says what is still in force; `heal` and any later command try again.
   */
  mend(): Promise<void>
  /**
   * Looks after it no longer, and leaves it in force: its mend stands in the journal, where \`heal\` and any later command find it. A host
   * that restarts is not given it again. Disposed of afterwards, it is mended all the same.
   */
  leave(): void
}

/**
 * Breaks one thing, and mends it when the block ends, whatever ends it:
 *
 *     await using crash = await inject(lab, history, 'kill', {on: 'leader', params: {what: 'host'}})
 *
 * How to mend it is on disk before it breaks anything, so it is healed by the next command after a crash, too; a host that restarts
 * meanwhile is given it again. The caller holds the lab's lock (`lockLab`).
 * @param name one of `faults`.
 * @throws LabError `usage` for a name, a parameter or a selector that is none, `cannot-run-here` for what this kernel, engine or lab
 * lacks, all before anything is touched; `no-target` when nobody is meant right now; `engine`, `timeout`, `interrupted` and what a
 * host says while it is made: what it had broken by then is mended.
 */
export async function inject(
  lab: Lab,
  history: Recorder,
  name: string,
  options: InjectOptions = {},
): Promise<Injected> {
  const {signal = new AbortController().signal, phase} = options
  const step = faultStep(lab, name, options, usedIn(history, lab))
  lab.docker.heed(signal)
  await mustBeAble(lab, {name: step.as, steps: [step], clients: []})
  const loopWaitMicros = effectiveTimings(lab.topology.patroni).loopWaitSeconds * 1_000_000
  const injections = new Injections(lab, history, signal, phase && momentOf(phase, {history, loopWaitMicros, signal}))
  let mending: Promise<void> | undefined
  const mend = () => {
    mending ??= injections.mend(fault => fault === step.as).finally(() => injections[Symbol.dispose]())
    return mending
  }
  try {
    const [injection] = await injections.inject([step])
    const hosts = of(history, 'fault-injecting').findLast(one => one.id === step.as)?.hosts ?? []
    const leave = () => injections[Symbol.dispose]()
    return {id: step.as, hosts, held: injection?.ok === true, mend, leave, [Symbol.asyncDispose]: mend}
  } catch (error) {
    await mend()
    throw error
  }
}

type Inject = Extract<Step, {do: 'inject'}>

function usedIn(history: Recorder, lab: Lab): ReadonlySet<string> {
  return new Set([...of(history, 'fault-injecting').map(one => one.id), ...inForce(lab.name).map(one => one.fault)])
}

/**
 * The step that a scenario would have for it.
 * @param used what faults are called already.
 * @throws LabError `usage` for a name, a parameter or a whom that is none.
 */
export function faultStep(
  lab: Pick<Lab, 'name' | 'topology'>,
  name: string,
  {on, params = {}, as}: Pick<InjectOptions, 'on' | 'params' | 'as'>,
  used: ReadonlySet<string> = new Set(inForce(lab.name).map(one => one.fault)),
): Inject {
  const fault = Object.hasOwn(faults, name) ? faults[name] : undefined
  if (fault === undefined)
    throw new LabError('usage', `there is no fault \`${name}\`${suggestion(name, Object.keys(faults))}`)
  const issue = fault.params.safeParse(params).error?.issues[0]
  if (issue !== undefined)
    throw new LabError(
      'usage',
      `the parameters of ${name}: ${[...issue.path.map(String), wordsOf(issue, params)].join(': ')}`,
    )
  const whom = on ?? fault.on
  if (whom === undefined) throw new LabError('usage', `${name} needs \`on\`: a selector such as leader, or a host`)
  const known = [...selectors, ...lab.topology.hosts.map(host => host.name)]
  for (const word of [whom, ...namedIn(fault.params, params).map(one => one.word)].flat())
    if (!known.includes(word))
      throw new LabError(
        'usage',
        `\`${printable(word)}\` names nobody in lab ${lab.name}${suggestion(word, known)}`,
        insteadOf(word, known),
      )
  if (as !== undefined && used.has(as))
    throw new LabError('usage', `a fault called \`${as}\` has been injected already; give this one another name`)
  return {do: 'inject', fault: name, on: whom, as: as ?? unused(name, used), params}
}

function unused(name: string, used: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const id = number === 1 ? name : `${name}-${number}`
    if (!used.has(id)) return id
  }
}
