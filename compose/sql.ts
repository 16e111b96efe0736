/** A text as a literal of SQL. */
import {strayCharacter} from '../lab/words/plain-text.ts'

/**
 * As libpq's PQescapeLiteral: with a backslash in it, it is an E'' literal, which means the same whatever
 * `standard_conforming_strings` is.
 * @throws TypeError for a control character or line separator: psql reads line by line.
 */
export function literal(text: string): string {
  const stray = strayCharacter(text)
  if (stray !== null) throw new TypeError(`${stray} cannot stand in a literal of SQL`)
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}
