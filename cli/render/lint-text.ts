/** Findings for people: a table of what and where, and under each why, the fix, and by whose word. */
import {type Linted, type LintFinding, type Severity, sayPlace, severities} from '../../lab/inside/lint.ts'
import {printable} from '../../lab/inside/start.ts'
import {wrapWords} from '../wrap.ts'
import {finished, styleOf, type TextOptions} from './layout.ts'

const titles: Readonly<Record<Severity, string>> = {error: 'ERROR', warning: 'warning', advice: 'advice'}
/** The widest of them, and two blanks. */
const indent = ' '.repeat(9)
/** Of more places these are shown. */
const mostPlaces = 12

export function renderLint(linted: Linted, files: number, options: TextOptions): string {
  const {findings, notes} = linted
  // Prose is read worse the wider it is.
  const {paint, width} = styleOf({...options, width: Math.min(80, options.width)})
  const paints = {error: paint.fail, warning: paint.unknown, advice: paint.dim}
  const blocks = alike(findings).map(group => {
    const {rule, says, fix} = group[0]
    const title = titles[rule.severity].padEnd(indent.length)
    return [
      paints[rule.severity](title) + paint.bold(rule.id),
      ...placesOf(group, width),
      ...wrapped(says, width),
      ...wrapped(`fix: ${fix}`, width),
      ...wrapped(`source: ${rule.source}`, width).map(paint.dim),
    ].join('\n')
  })
  const told = [
    ...blocks,
    ...notes.map(note => wrapWords(`note: ${note}`, width, '  ').join('\n')),
    summary(linted, files),
  ]
  return finished(`${told.join('\n\n')}\n`, options)
}

/** What is the same in several files is told once, with each place. */
function alike(findings: readonly LintFinding[]): readonly (readonly [LintFinding, ...LintFinding[]])[] {
  const groups = Map.groupBy(findings, ({rule, says, fix}) => `${rule.id}\n${says}\n${fix}`)
  return [...groups.values()].flatMap(([first, ...more]) => (first === undefined ? [] : [[first, ...more] as const]))
}

function placesOf(group: readonly LintFinding[], width: number): readonly string[] {
  const shown = group.slice(0, mostPlaces).map(({place}) => printable(sayPlace(place)))
  const left = group.length - shown.length
  return wrapped([...shown, ...(left > 0 ? [`and ${left} more`] : [])].join(', '), width)
}

function wrapped(text: string, width: number): readonly string[] {
  return wrapWords(`${indent}${text}`, width, indent)
}

function summary({findings, more}: Linted, files: number): string {
  const counts = severities.map(severity => ({
    severity,
    count: findings.filter(({rule}) => rule.severity === severity).length,
  }))
  const plural = (count: number, word: string) => `${count} ${word}${count === 1 || word === 'advice' ? '' : 's'}`
  const found = counts.filter(({count}) => count > 0).map(({severity, count}) => plural(count, severity))
  const rest = more > 0 ? [`${more} more of the same rules`] : []
  return `${[...found, ...rest].join(', ') || 'nothing to report'}, in ${plural(files, 'file')}`
}
