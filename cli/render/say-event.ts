/** Any event of a history as one line: for evidence, where no event may be left out for want of a sentence. */
import type {Event} from '../../lab/index.ts'
import {sayEvent} from '../../lab/inside/reading.ts'
import {printable, toJsonLine} from '../../lab/inside/start.ts'

export function sayEvidence(event: Event): string {
  return printable(sayEvent(event) ?? fieldsOf(event))
}

function fieldsOf({at: _, kind, ...fields}: Event): string {
  const told = Object.entries(fields).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : toJsonLine(value)}`,
  )
  return `${kind}: ${told.join(', ')}`
}
