/** A comparison as CI shows it: a suite of JUnit, Markdown, and an annotation of GitHub. Pure. */
import type {Comparison} from '../../lab/index.ts'
import {printableValues} from '../../lab/inside/start.ts'
import {comparedTitle, tableOf} from './compare-text.ts'
import {annotationOf} from './github.ts'
import type {Suite} from './junit.ts'
import {lines, md, table} from './markdown-text.ts'
import {signs} from './verdict-words.ts'
import {element} from './xml.ts'

/** A case for each metric that is judged. Too few runs to tell are skipped: they end no job. */
export function comparedSuite(compared: Comparison): Suite {
  const {scenario, metrics} = printableValues(compared)
  const name = `${scenario} against its base`
  const judged = metrics.filter(one => one.verdict !== null)
  const count = (verdict: 'fail' | 'unknown') => judged.filter(one => one.verdict === verdict).length
  return {
    name,
    tally: {tests: judged.length, failures: count('fail'), errors: 0, skipped: count('unknown')},
    micros: 0,
    attributes: {},
    inside: judged.map(one => {
      const about = {classname: name, name: `${one.name} is not slower`, time: '0.000'}
      if (one.verdict === 'pass') return element('testcase', about)
      const [kind, type] =
        one.verdict === 'fail' ? (['failure', {type: 'failed'}] as const) : (['skipped', {}] as const)
      return element('testcase', about, [element(kind, {message: one.says, ...type})])
    }),
  }
}

export function comparedMarkdown(compared: Comparison): string {
  const comparison = printableValues(compared)
  const {verdict, scenario, says, moments, differs} = comparison
  const [head = [], ...rows] = tableOf(comparison)
  const blocks = [
    [md`## ${signs[verdict]} ${comparedTitle(comparison)} ${scenario}`, md``, md`**${says}**`],
    table(head, rows, [2, 3, 4, 5, 6, 7, 8, 10]),
    [...moments, ...differs.map(one => `differs: ${one}`)].map(note => md`- ${note}`),
  ]
  return `${
    lines(
      blocks.filter(block => block.length > 0).map(block => lines(block)),
      '\n\n',
    ).text
  }\n`
}

export function comparedAnnotation(compared: Comparison): string {
  const {verdict, scenario, says} = printableValues(compared)
  const kind = ({pass: 'notice', fail: 'error', unknown: 'warning'} as const)[verdict]
  return annotationOf(kind, {title: `${comparedTitle(compared)} ${scenario}`}, says)
}
