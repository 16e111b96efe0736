/**
 * Other people's words, made safe to show. A run's folder, a server's error, a file's name: each may hold what a terminal obeys
 * (escape sequences, control characters), what a reader does not see (bidi controls, zero-width and tag characters, line
 * separators), and what a CI system takes for a command when it stands in a job's log. Whatever leaves us goes through one of
 * these, once for each language that we write: the functions here for lines of text, `spelled-json.ts` for JSON, `judge/jepsen.ts` for
 * EDN, and their own escapes in `cli/render` for Markdown, HTML, XML and GitHub's annotations.
 */

import {toJsonLine} from './spelled-json.ts'

/** CSI and OSC and the other strings with their contents; what is cut short loses its introducer below, as a control character. */
const sequences =
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,16}[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]{0,4096}(?:\u0007|\u001b\\|\u009c)/g

/**
 * Controls, format characters (bidi, zero-width, tags, soft hyphen), line and paragraph separators, halves of surrogate pairs,
 * and the letters that are drawn as nothing at all.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]/gu

/** Azure and the older GitHub runner look for `##[` and `##vso[` anywhere in a line, TeamCity for its own, GitLab for sections. */
const ciMarks = /##(?=(?:vso|teamcity)?\[)|section_(?=(?:start|end):)/gi

/** Takes the mark apart with a space. */
function unmarked(text: string): string {
  return text.replace(ciMarks, mark => (mark.startsWith('#') ? '# #' : `${mark} `))
}

/** With its blanks as they are: for a part of the screen, which is laid out already. */
export function inert(text: unknown): string {
  return unmarked(
    String(text)
      .replace(sequences, '')
      .replace(/[\t\n\v\f\r\u0085\u2028\u2029]/g, ' ')
      .replace(unseen, ''),
  )
}

/** On one line: runs of blanks are one blank, and none is at the ends. */
export function printable(text: unknown): string {
  return inert(text).replace(/\s+/g, ' ').trim()
}

/** A name of a file so that it is no other one's: one that does not show as it is stands in quotes, with JSON's escapes. */
export function printableName(name: string): string {
  return printable(name) === name ? name : toJsonLine(name)
}

/**
 * Every text in a value, keys included, made printable; the rest as it is. For a renderer that shows a whole report: what it
 * has not got, it cannot forget to clean.
 */
export function printableValues<T>(value: T): T {
  return walked(value) as T
}

function walked(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.map(walked)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  const made: Record<string, unknown> = {}
  // Not by assignment: a stranger's key may be __proto__.
  for (const [key, one] of Object.entries(value))
    Object.defineProperty(made, printable(key), {
      value: walked(one),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  return made
}

/**
 * A finished text of several lines, just before it is printed. Its line breaks and tabs are ours and stay; all else that a
 * terminal obeys goes, and no line begins with what GitHub takes for a command (`::error::`, also after blanks).
 */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map(line => begun(unobeyed(line)))
    .join('\n')
}

/** The same with the colours (SGR) that a renderer of ours has put in, after it has made every value printable. */
export function paintedLines(text: string): string {
  return text
    .split('\n')
    .map(line =>
      begun(
        line
          .split(colours)
          .map((part, index) => (index % 2 === 1 ? part : unobeyed(part)))
          .join(''),
      ),
    )
    .join('\n')
}

const colours = /(\u001b\[[0-9;]{0,32}m)/

function unobeyed(line: string): string {
  return unmarked(
    line
      .split('\t')
      .map(part => part.replace(sequences, '').replace(unseen, ''))
      .join('\t'),
  )
}

/** A run of blanks and colours is walked once: the two cannot be taken for each other. */
function begun(line: string): string {
  return line.replace(/^((?:\s|\u001b\[[0-9;]{0,32}m)*:)(?=:)/, '$1 ')
}
