/** Text that is HTML already. Everything else is escaped when it is put into a template, so that no log line can become markup. */
import {printable} from '../../../lab/inside/start.ts'

export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A whole document as the value of an attribute (`srcdoc`), as it is: its own printer has escaped what stands in it. */
export function asAttribute(document: string): Markup {
  return new Markup(document.replaceAll('&', '&amp;').replaceAll('"', '&quot;'))
}

type Value = string | number | Markup | null | false | readonly Value[]

/** html`<b>${words}</b>`: words are escaped, Markup is not, null and false are nothing, lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.map((part, index) => part + (index < values.length ? said(values[index]!) : '')).join(''))
}

function said(value: Value): string {
  if (value === null || value === false) return ''
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(said).join('')
  return escaped(String(value))
}

function escaped(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
