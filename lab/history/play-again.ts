/** The command that plays a run's scenario as it was played: its file, and what was asked for with it. */
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {type OwnCommand, onLab} from '../words/next-step.ts'
import {packageRoot} from '../words/package-root.ts'
import type {InjectionPhase, Scenario} from './scenario-values.ts'

export interface Begun {
  readonly lab: string
  readonly scenario: Scenario
  /** The moment that was asked for with --phase. */
  readonly phase?: InjectionPhase
}

export function playAgain({lab, scenario, phase}: Begun): OwnCommand {
  const limit = scenario.expect.find(({asked}) => asked)?.params as {writes?: {'at-most'?: unknown}} | undefined
  const drivers = (scenario.extraClients ?? []).map(group => (group.kind === 'program' ? group.name : group.driver))
  return onLab(
    lab,
    'chaos',
    written(scenario),
    ...[
      ...(limit?.writes?.['at-most'] === undefined ? [] : ['--within', String(limit.writes['at-most'])]),
      ...(drivers.length === 0 ? [] : ['--clients', drivers.join(',')]),
      ...(phase === undefined ? [] : ['--phase', phase]),
    ],
  )
}

/** One of ours is called by its name, wherever its file lies; any other by its path. */
function written({name, file}: Scenario): string {
  const ours = existsSync(join(packageRoot, 'scenarios', `${name}.yaml`))
  return file === undefined || (ours && `/${file}`.endsWith(`/scenarios/${name}.yaml`)) ? name : pathed(file)
}

/** A word without a slash or an ending would be taken for a name of ours, one that begins with a dash for an option. */
function pathed(file: string): string {
  return file.startsWith('-') || !/[/\\]|\.ya?ml$/.test(file) ? `./${file}` : file
}
