/** XML as values, and its printer: what stands in them is escaped once, here, wherever it came from. Pure. */
import {printableLines} from '../../lab/inside/start.ts'

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** Other elements, or words. */
  readonly inside: readonly Element[] | string
}

export function element(name: string, attributes: Element['attributes'] = {}, inside: Element['inside'] = []): Element {
  return {name, attributes, inside}
}

/** A whole document. Words keep their line breaks, and elements stand on lines of their own. */
export function printXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${lines(root, '').join('\n')}\n`
}

function lines({name, attributes, inside}: Element, indent: string): string[] {
  const opening = `${indent}<${name}${Object.entries(attributes).map(attribute).join('')}`
  if (inside.length === 0) return [`${opening}/>`]
  if (typeof inside === 'string') return [`${opening}>${escaped(inside)}</${name}>`]
  return [`${opening}>`, ...inside.flatMap(one => lines(one, `${indent}  `)), `${indent}</${name}>`]
}

/** A reader makes a blank of a line break in an attribute, unless it is written as a character. */
function attribute([name, value]: [string, string]): string {
  return ` ${name}="${escaped(value).replaceAll('\n', '&#10;')}"`
}

/** XML 1.0 has no way to say most control characters, half of a surrogate pair and two more: they are left out. */
function escaped(raw: string): string {
  return printableLines(raw)
    .replace(/[\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
