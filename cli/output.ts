/**
 * The only way to stdout and stderr. What is printed may quote anybody: a file's name, a line of a lab.yaml, PostgreSQL, docker,
 * a run that somebody else recorded; so words are cleaned here once more, whoever has or has not thought of it.
 */
import {paintedLines, printableLines} from '../lab/inside/start.ts'
import {columns, wrapWords} from './wrap.ts'

/** What was printed and said since, where somebody keeps it. */
let kept: {stdout: string; stderr: string} | undefined

/** From here on what goes to stdout is kept instead, and what goes to stderr too, for whoever has several commands done by one process. */
export function keepOutput(): {readonly stdout: string; readonly stderr: string} {
  kept = {stdout: '', stderr: ''}
  return kept
}

function out(text: string): void {
  if (kept === undefined) process.stdout.write(text)
  else kept.stdout += text
}

function err(text: string): void {
  process.stderr.write(text)
  if (kept !== undefined) kept.stderr += text
}

/** Words for people, on stdout. @param text whole lines; its colours are the renderer's, who made every value printable. */
export function print(text: string): void {
  out(paintedLines(text))
}

/** Talk for people, on stderr: it has no colours. */
export function tell(text: string): void {
  err(printableLines(text))
}

let quiet = false

/** --quiet: from here on nobody is told how far the work is. Results, warnings and errors stay. */
export function beQuiet(asked: boolean): void {
  quiet = asked
}

export function isQuiet(): boolean {
  return quiet
}

/** How far the work is, which nobody needs later. */
export function tellProgress(text: string): void {
  if (!quiet) tell(text)
}

/** The same, of which a line may be longer than the terminal is wide: it is broken between words. */
export function tellWords(text: string): void {
  tell(
    text
      .split('\n')
      .flatMap(line => wrapWords(line, columns(), '  '))
      .join('\n'),
  )
}

/** What a program reads, on stdout as it is: JSON, XML, EDN. Its printer has escaped what is not its own. */
export function printData(text: string): void {
  out(text)
}

/** The same where stdout has other data: what GitHub reads of both. */
export function tellData(text: string): void {
  err(text)
}

/** What is kept somewhere, for a program to read. At a terminal a person reads it, and somebody else may have written into it. */
export function printFile(text: string): void {
  out(process.stdout.isTTY ? printableLines(text) : text)
}
