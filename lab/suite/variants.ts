/** Labs that differ in what is varied: each value of one setting with each value of every other. */
import type {Scenario} from '../scenario/index.ts'
import type {AskedLab} from '../topology/asked-lab.ts'
import {type AskedTopology, readTopology} from '../topology/topology-file.ts'
import {LabError} from '../words/errors.ts'

export interface Variant {
  /** `topology=sync, patroni.loop_wait=1s`; what it is called when nothing is varied: `as it is`. */
  readonly says: string
  readonly asked: AskedLab
  readonly topology: AskedTopology
}

/** Each raises a lab of its own, and a matrix ends some day. */
const mostVariants = 24

/** Of `up` they are options of their own; all others are settings. */
const options = ['topology', 'profile', 'release', 'patroni'] as const

/**
 * @param varied `patroni.loop_wait=1s,5s,10s` each, `topology=`, `profile=`, `release=` and `patroni=` too.
 * @param base what they have in common.
 * @throws LabError `usage` for what is no variation, `config` for a lab that cannot be had, before any is raised.
 */
export function variantsOf(varied: readonly string[], base: AskedLab): readonly Variant[] {
  const axes = varied.map(axisOf)
  const twice = axes.find(({key}, index) => axes.findIndex(one => one.key === key) !== index)
  if (twice !== undefined)
    throw new LabError('usage', `${twice.key} is varied twice`, {hint: `give all its values at once: ${twice.key}=A,B`})
  const count = axes.reduce((product, {values}) => product * values.length, 1)
  if (axes.length > 0 && count === 1)
    throw new LabError('usage', `nothing varies: --vary ${varied.join(' --vary ')} has one value`, {
      hint: `give two or more, as in --vary ${axes[0]!.key}=${axes[0]!.values[0]},ANOTHER`,
    })
  if (count > mostVariants)
    throw new LabError('usage', `${count} labs are too many, at most ${mostVariants} are raised one after the other`, {
      hint: 'vary less at once, or fewer values',
    })
  const chosen = axes.reduce<readonly Choice[][]>(
    (all, {key, values}) => all.flatMap(some => values.map(value => [...some, {key, value}])),
    [[]],
  )
  return chosen.map(choices => {
    const asked = choices.reduce(withChoice, base)
    return {
      says: choices.map(({key, value}) => `${key}=${value}`).join(', ') || 'as it is',
      asked,
      topology: readTopology(asked),
    }
  })
}

interface Choice {
  readonly key: string
  readonly value: string
}

function axisOf(written: string): {readonly key: string; readonly values: readonly string[]} {
  const [, key = '', all = ''] = /^([\w.]+)=(.+)$/.exec(written) ?? []
  const values = all.split(',').map(one => one.trim())
  if (key === '' || values.includes(''))
    throw new LabError('usage', `--vary ${written} does not say what is varied, and between which values`, {
      hint: 'as in --vary patroni.loop_wait=1s,10s',
    })
  const again = values.find((value, index) => values.indexOf(value) !== index)
  if (again !== undefined) throw new LabError('usage', `--vary ${written} has ${again} twice`)
  return {key, values}
}

/** Of all that is varied, the values of this key. */
export function valuesOf(varied: readonly string[], key: string): readonly string[] {
  return varied.map(axisOf).flatMap(axis => (axis.key === key ? axis.values : []))
}

function withChoice(asked: AskedLab, {key, value}: Choice): AskedLab {
  const option = options.find(one => one === key)
  return option === undefined ? {...asked, set: [...(asked.set ?? []), `${key}=${value}`]} : {...asked, [option]: value}
}

/** Why varying these says nothing of this scenario: it brings a value of its own; null: it says something. */
export function overruled(scenario: Scenario, varied: readonly string[]): string | null {
  const keys = varied.map(one => axisOf(one).key.split('.'))
  for (const [part = '', key = ''] of keys) {
    const own = Object.entries(scenario.needs).find(([name]) => name === part)?.[1] as unknown
    if (key !== '' && typeof own === 'object' && own !== null && Object.hasOwn(own, key))
      return `${scenario.name} brings a ${part}.${key} of its own (\`needs\`), so it would be the same in each lab`
  }
  return null
}
