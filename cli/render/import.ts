/** What became of somebody's configurations, for people: first what the lab cannot have. */
import {type Given, type Imported, placesBeside, sayPlace, type Told} from '../../lab/inside/import.ts'
import {printableValues} from '../../lab/inside/start.ts'
import {wrapWords} from '../wrap.ts'
import {finished, type TextOptions} from './layout.ts'

export function renderImport(imported: Imported, {color, width, ascii = false}: TextOptions): string {
  const {notModelled, assumed, changes} = printableValues({
    notModelled: imported.notModelled,
    assumed: imported.assumed,
    changes: imported.changes,
  })
  const bold = (text: string) => (color ? `\u001b[1m${text}\u001b[0m` : text)
  const list = (sentences: readonly string[]) =>
    sentences.flatMap(one => wrapWords(one, width - 4).map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`))
  const part = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [[bold(title), ...lines]])
  const blocks = [
    ...part('What the lab cannot have, and your cluster has', list(notModelled)),
    ...part('What the files do not tell', list(assumed)),
    ...part('What was changed or dropped', list(changes.map(one => sayChange(one, one.places.map(sayPlace))))),
  ]
  return finished(`${blocks.map(block => block.join('\n')).join('\n\n')}\n`, {ascii})
}

/** The same for the folder beside the lab.yaml, where nobody's names are: the places are those of the originals as they are kept. */
export function changesFile({changes, originals}: Imported, given: readonly Given[]): string {
  return `${changes.map(one => sayChange(one, placesBeside(one.places, given, originals))).join('\n')}\n`
}

/** Of many places the first. */
function sayChange({what, how, why}: Told, places: readonly string[]): string {
  const more = places.length > 2 ? ` and ${places.length - 1} more` : ''
  const at = places.length > 2 ? places[0] : places.join(', ')
  return `${at}${more}: ${what}: ${how === 'stand-in' ? 'a stand-in' : how}: ${why}`
}
