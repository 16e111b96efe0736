/**
 * JSON for files and for stdout, which may be a terminal or the log of a CI job. What JSON has no sign for is spelled
 * (`"Infinity"`, not the `null` of "not known"), and what a terminal or a CI system obeys, or a reader does not see, is written
 * as `\uXXXX`: whoever parses it gets the very same values.
 */
const escaped = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{DI}]|##(?=(?:vso|teamcity)?\[)|section_(?=(?:start|end):)/giu

export function toJson(value: unknown): string {
  const spelled = (_key: string, one: unknown) => (typeof one === 'number' && !Number.isFinite(one) ? String(one) : one)
  return `${escapedJson(JSON.stringify(value, spelled, 2))}\n`
}

/** On one line, for a line of a log or of a sentence. */
export function toJsonLine(value: unknown): string {
  return escapedJson(JSON.stringify(value))
}

function escapedJson(json: string): string {
  return json.replace(escaped, found => {
    if (/^section_/i.test(found)) return `${found.slice(0, -1)}\\u005f`
    if (found === '##') return '\\u0023#'
    return Array.from({length: found.length}, (_, index) => unit(found.charCodeAt(index))).join('')
  })
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`
}
