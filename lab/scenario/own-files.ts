/** The files of the scenarios that come with pgha-lab, and what one has of its file's place: nothing that takes time to load. */
import {readdirSync} from 'node:fs'
import {basename, join, relative} from 'node:path'
import type {Scenario} from '../history/scenario-values.ts'
import {packageRoot} from '../words/package-root.ts'

export const scenarioFolder = join(packageRoot, 'scenarios')

/** The scenarios that come with pgha-lab, by name. */
export function scenarioNames(): string[] {
  return readdirSync(scenarioFolder)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.replace(/\.yaml$/, ''))
    .sort()
}

/** What a scenario has of its file's place, and not of its text. */
export function calledAs(file: string): Pick<Scenario, 'name' | 'file'> {
  return {name: basename(file).replace(/\.ya?ml$/, ''), file: relative('.', file)}
}

/** By suite, both in alphabetical order; `other` are those without one. */
export function bySuite(all: readonly Scenario[]): Map<string, readonly Scenario[]> {
  const grouped = Map.groupBy(all, scenario => scenario.suite ?? 'other')
  return new Map([...grouped].sort(([a], [b]) => a.localeCompare(b)))
}
