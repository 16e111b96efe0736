/** The scenarios as a table that fits its terminal: two lines each, and what to type where one cannot be played. Pure. */

import {saySettings} from '../../lab/inside/listing.ts'
import type {Needs} from '../../lab/inside/reading.ts'
import type {Caller, Hint, OwnCommand} from '../../lab/inside/start.ts'
import {commandsIn, onLab, ownCommand, printable, printableValues} from '../../lab/inside/start.ts'
import {caller} from '../called-as.ts'
import type {Listed} from '../suite/here.ts'
import {finished, type Style, styleOf, type TextOptions, wrap} from './layout.ts'

interface Shown {
  /** By suite. */
  readonly groups: ReadonlyMap<string, readonly Listed[]>
  /** A lab that is there. */
  readonly lab?: string | undefined
  readonly profile: string
  /** Raises the lab, where there is none yet. */
  readonly up: OwnCommand
}

type HostsNeeded = Pick<Needs, 'postgres' | 'etcd'>

export function scenarioTable(shown: Shown, options: TextOptions, called: Caller = caller()): string {
  const {lab, profile} = printableValues({lab: shown.lab, profile: shown.profile})
  const groups = [...shown.groups].map(([suite, all]) => [printable(suite), all.map(cleaned)] as const)
  const style = styleOf(options)
  const all = groups.flatMap(([, members]) => members)
  const least = leastOf(all)
  const widest = Math.max(...all.map(one => one.scenario.name.length))
  const page: Page = {...style, ...options, least, called, columns: [widest, 6, 4]}
  const where =
    lab === undefined ? `a lab of these settings (profile ${profile})` : `the lab ${lab} (profile ${profile})`
  const text = [
    ...wrap(`What can be played on ${where}:`, style.width),
    '',
    row(page, ['scenario', 'takes', 'here'], 'needs besides'),
    ...groups.flatMap(([suite, members]) => [style.paint.bold(suite), ...members.flatMap(one => entry(page, one))]),
    '',
    ...legend(page, all, shown),
  ]
  return finished(`${text.join('\n')}\n`, options)
}

/** What has been read from files; the next steps are ours, and quote for themselves. */
function cleaned({here: {next, ...here}, ...read}: Listed): Listed {
  return {...printableValues(read), here: {...printableValues(here), next}}
}

interface Page extends Style, TextOptions {
  /** What every scenario needs, said once. */
  readonly least: HostsNeeded
  readonly called: Caller
  /** Widths: name, takes, here. */
  readonly columns: readonly [number, number, number]
}

function row({columns, width, ascii}: Page, cells: readonly [string, string, string], last: string): string {
  const [name, takes, here] = cells
  const before = `  ${name.padEnd(columns[0])}  ${takes.padStart(columns[1])}  ${here.padEnd(columns[2])}  `
  return (before + fitted(last, width - before.length, ascii)).trimEnd()
}

function entry(page: Page, {scenario, takes, here, abilities}: Listed): string[] {
  const {width, ascii, paint} = page
  const seconds = takes === null ? '-' : `${takes.basis === 'predicted' ? '~' : ''}${Math.round(takes.seconds)} s`
  const says = here.can === null ? '?' : here.can ? 'yes' : 'no'
  const needs = [...moreHosts(scenario.needs, page.least), ...saySettings(scenario.needs), ...abilities]
  const line = row(page, [scenario.name, seconds, says], needs.join(', '))
  return [
    here.can === true ? line : line.replace(/^ {2}\S+/, name => paint.unknown(name)),
    `    ${fitted(firstSentence(scenario.about), width - 4, ascii)}`,
    ...(here.can === false && here.why !== null
      ? wrap(`not here: ${here.why}`, width - 6).map(one => `      ${one}`)
      : []),
    ...(here.can === false ? commands(page, here.next) : []),
  ]
}

function moreHosts({postgres, etcd}: HostsNeeded, least: HostsNeeded): string[] {
  return [
    ...(postgres > least.postgres ? [`${postgres} PostgreSQL`] : []),
    ...(etcd > least.etcd ? [`${etcd} etcd`] : []),
  ]
}

function leastOf(all: readonly Listed[]): HostsNeeded {
  return {
    postgres: Math.min(...all.map(one => one.scenario.needs.postgres)),
    etcd: Math.min(...all.map(one => one.scenario.needs.etcd)),
  }
}

function legend(page: Page, all: readonly Listed[], {lab, up}: Shown): string[] {
  const {width, least, called} = page
  const unknown = all.find(one => one.here.can === null)?.here.why
  const predicted = all.some(one => one.takes?.basis === 'predicted')
  // The first that can be played: what is printed can be pasted.
  const {name: example} = (all.find(one => one.here.can !== false) ?? all[0]!).scenario
  const played = all.some(one => one.takes?.basis === 'played')
  return [
    ...(least.postgres + least.etcd > 2
      ? wrap(`Each needs ${least.postgres} PostgreSQL and ${least.etcd} etcd hosts, and what stands beside it.`, width)
      : []),
    ...(predicted ? wrap("~ is predicted from the lab's timings and the scenario's own waits.", width) : []),
    ...(played ? wrap('Without ~ it is how long the last run here took.', width) : []),
    ...(unknown ? wrap(`? means that nobody can tell: ${unknown}.`, width) : []),
    '',
    ...(lab === undefined ? typed(page, up, 'raises the lab') : []),
    ...typed(page, onLab(lab ?? called.lab, 'chaos', example), 'plays one'),
    ...typed(page, ownCommand('scenarios', 'show', example), 'prints its file'),
  ]
}

/** With what it does, as a comment of the shell's, where there is room for it. */
function typed({width, called}: Page, what: OwnCommand, does: string): string[] {
  const lines = folded(what.words(called), width, '  ')
  const said = `${lines[0]}  # ${does}`
  return lines.length === 1 && said.length <= width ? [said] : lines
}

/** Up to the first full stop, or colon or semicolon. */
function firstSentence(about: string): string {
  return about.split(/(?<=[.:;]) /)[0]?.replace(/[:;]$/, '.') ?? about
}

/** Cut behind a word, and that it is cut is seen. */
function fitted(text: string, width: number, ascii = false): string {
  if (text.length <= width) return text
  const mark = ascii ? '...' : '…'
  return `${wrap(text, width - mark.length)[0]
    ?.slice(0, width - mark.length)
    .replace(/,$/, '')}${mark}`
}

function commands({width, called}: Page, hint: Hint | null): string[] {
  return hint === null ? [] : commandsIn(hint).flatMap(one => folded(one.words(called), width, '      '))
}

/** A command over as many lines as it takes, which a shell reads as one. */
export function folded(words: readonly string[], width: number, indent: string): string[] {
  const lines: string[] = []
  for (const part of withValues(words)) {
    const last = lines.at(-1)
    const taken = indent.length + (lines.length > 1 ? 2 : 0) + ' \\'.length
    if (last !== undefined && taken + last.length + 1 + part.length <= width)
      lines[lines.length - 1] = `${last} ${part}`
    else lines.push(part)
  }
  return lines.map((line, index) => `${indent}${index > 0 ? '  ' : ''}${line}${index < lines.length - 1 ? ' \\' : ''}`)
}

/** An option stays beside its value. */
function withValues(words: readonly string[]): string[] {
  const parts: string[] = []
  for (const [index, word] of words.entries())
    if (words[index - 1]?.startsWith('--') && !word.startsWith('--')) parts.push(`${parts.pop()} ${word}`)
    else parts.push(word)
  return parts
}
