/** Findings as workflow commands of GitHub Actions, which shows them at their lines. */
import type {Linted, Severity} from '../../lab/inside/lint.ts'
import {printableValues} from '../../lab/inside/start.ts'
import {annotationOf} from './github.ts'

const kinds: Readonly<Record<Severity, string>> = {error: 'error', warning: 'warning', advice: 'notice'}

export function lintGithub({findings}: Linted): string {
  return findings
    .map(({rule, place, says, fix}) => {
      const {file, line, column} = printableValues(place)
      const at = {file, line: String(line), col: String(column), title: rule.id}
      return annotationOf(kinds[rule.severity], at, `${says}\nfix: ${fix}\nsource: ${rule.source}`)
    })
    .join('')
}
