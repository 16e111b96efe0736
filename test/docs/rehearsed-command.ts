/**
 * The program `pgha-lab` of a rehearsal (rehearse.ts): a script that has the rehearsal run its command line, and ends as that did. In
 * bash, which needs a tenth of the time in which Node starts, since the pages have hundreds of command lines.
 */
import type {Asked} from '../one-program.ts'

/** @param calls a file, which gets a line for each call. */
export function rehearsedCommand(calls: string, port: number, word: string): string {
  return `#!/bin/bash
echo "$*" >> '${calls}'
exec 3<> /dev/tcp/127.0.0.1/${port}
{ printf '%s\\0' '${word}' "$PWD" "$#" "$@"; env -0; printf '\\0'; } >&3
read -r code out <&3
head -c "$out" <&3
cat <&3 >&2
exit "$code"
`
}

/** What such a script asks for; undefined while some of it is still to come, null without the word. */
export function askedIn(text: string, word: string): Asked | null | undefined {
  const [theirs, cwd = '', count = '0', ...rest] = text.split('\0')
  if (rest.length > 0 && theirs !== word) return null
  const words = rest.slice(0, Number(count))
  const variables = rest.slice(Number(count))
  // After the last one comes an empty one, which no variable is.
  const end = variables.indexOf('')
  if (end < 0 || end === variables.length - 1) return undefined
  return {words, cwd, env: Object.fromEntries(variables.slice(0, end).map(both))}
}

function both(variable: string): [string, string] {
  const at = variable.indexOf('=')
  return [variable.slice(0, at), variable.slice(at + 1)]
}
