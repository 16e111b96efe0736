/** Which Docker Compose the `docker` command has, and whether it is new enough for our generated file. */
import {oldestCompose} from '../engine/stack.ts'
import {run} from './command.ts'

export type ComposeFound =
  | {readonly state: 'ok' | 'old'; readonly version: string}
  /** `no-client`: there is no `docker` command at all. */
  | {readonly state: 'missing' | 'no-client'}

export async function findCompose(): Promise<ComposeFound> {
  const ran = await run(['docker', 'compose', 'version', '--short'], {withinMs: 5000})
  if (ran.absent) return {state: 'no-client'}
  const version = ran.lines.map(parseVersion).find(found => found !== null)
  if (ran.code !== 0 || !version) return {state: 'missing'}
  return {state: isAtLeast(version, oldestCompose) ? 'ok' : 'old', version}
}

/** `v2.26.1-4` and `2.40.3+ds1` are 2.26.1 and 2.40.3. */
export function parseVersion(said: string): string | null {
  return /^v?(\d+\.\d+\.\d+)/.exec(said.trim())?.[1] ?? null
}

export function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', {numeric: true}) >= 0
}
