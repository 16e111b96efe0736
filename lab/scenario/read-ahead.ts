/**
 * Our scenarios as the build has read them: each by the SHA-256 of its text, beside the program that was built with it. To read sixty
 * files takes three times as long as everything else that a list of them does. A file that says anything else, and all of them where
 * nothing was built, are read as ever.
 */
import {createHash} from 'node:crypto'
import {existsSync, readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import type {Scenario} from '../history/scenario-values.ts'

export const readAheadFile = 'scenarios.json'

type ByText = Readonly<Record<string, Scenario>>

/** What a build keeps of them. */
export function keptOf(read: readonly {readonly text: string; readonly scenario: Scenario}[]): string {
  return JSON.stringify(Object.fromEntries(read.map(({text, scenario}) => [nameOf(text), scenario])))
}

/** The scenario of this text, but for its name and file; undefined: it has to be read. */
export function readAhead(text: string): Scenario | undefined {
  kept ??= fromBuild()
  return kept[nameOf(text)]
}

let kept: ByText | undefined

function fromBuild(): ByText {
  const file = fileURLToPath(new URL(readAheadFile, import.meta.url))
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
