/** A suite's progress as lines, and its end as a table. Pure: values in, text out. */
import type {Ending, SuiteNews} from '../../lab/index.ts'
import {type SuiteOutcome, sayAgain} from '../../lab/inside/reading.ts'
import {printableLines, printableValues} from '../../lab/inside/start.ts'
import {answer} from '../render/answer.ts'

const words: Readonly<Record<Ending, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  inconclusive: 'inconclusive',
  crashed: 'CRASHED',
  lab: 'lab error',
  usage: 'not valid',
  healing: 'NOT HEALED',
  skipped: 'skipped',
  interrupted: 'interrupted',
}

/** @param done how many scenarios of all have ended. */
export function progressLine(happening: SuiteNews, seconds: number, done: number, all: number): string {
  const {lab, what, says, outcome} = printableValues(happening)
  const at = `${String(Math.floor(seconds / 60)).padStart(3)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
  const text = {
    raising: `raising a lab (${says})`,
    raised: `is up ${says}`,
    removing: 'removing the lab',
    playing: says,
    again: `to be played again: ${says}`,
    engine: says,
    ended:
      outcome === undefined
        ? says
        : `${outcome.scenario}: ${words[outcome.ending]} after ${outcome.seconds.toFixed(0)} s (${done} of ${all})`,
  }[what]
  const why = outcome === undefined || outcome.ending === 'passed' ? '' : `\n         ${answer(outcome)}`
  return printableLines(`${at}  ${lab}  ${text}${why}\n`)
}

/** Scenarios in alphabetical order; the worst news is in the last line. */
export function table(outcomes: readonly SuiteOutcome[], wallSeconds: number, unplayed: number): string {
  const onEngines = outcomes.some(({engine}) => engine !== undefined)
  const rows = printableValues(outcomes)
    .toSorted((a, b) => a.scenario.localeCompare(b.scenario))
    .map(({scenario, ending, held, seconds, headline, limit, folder, engine = '-', again = []}) => ({
      cells: [
        ...[scenario, words[ending], held === null ? '-' : `${held[0]}/${held[1]}`, `${seconds.toFixed(0)} s`],
        ...(onEngines ? [engine] : []),
      ],
      says: answer({headline, limit}),
      more: [...again.map(sayAgain), ...(folder === null ? [] : [`evidence: ${folder}`])],
    }))
  const heads = ['scenario', 'verdict', 'expected', 'took', ...(onEngines ? ['engine'] : [])]
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map(({cells}) => cells[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[], rest: string) =>
    `${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}  ${rest}`.trimEnd()
  return printableLines(
    `${[
      line(heads, 'in a sentence'),
      ...rows.flatMap(({cells, says, more}) => [line(cells, says), ...more.map(one => `  ${one}`)]),
      '',
      summary(outcomes, wallSeconds, unplayed),
    ].join('\n')}\n`,
  )
}

function summary(outcomes: readonly SuiteOutcome[], wallSeconds: number, unplayed: number): string {
  const counts = Object.entries(words).flatMap(([ending, word]) => {
    const count = outcomes.filter(outcome => outcome.ending === ending).length
    return count === 0 ? [] : [`${count} ${word}`]
  })
  if (unplayed > 0) counts.push(`${unplayed} not played`)
  const sum = outcomes.reduce((total, {seconds}) => total + seconds, 0)
  return `${counts.join(', ')}; ${sum.toFixed(0)} s of runs in ${wallSeconds.toFixed(0)} s`
}
