/** The known word that was probably meant by one that is not known. */
import leven from 'leven'
import type {LabError} from './errors.ts'

/** `unknown key "patrini", did you mean "patroni"?` */
export function unknownKey(key: string, known: readonly string[]): string {
  return `unknown key \`${key}\`${suggestion(key, known)}`
}

/** `; did you mean x?` when something is near, else the list of what there is. */
export function suggestion(wrong: string, known: readonly string[]): string {
  const near = didYouMean(wrong, known)
  if (near !== '') return near
  return known.length === 0 ? '' : `; known: ${known.join(', ')}`
}

/** For a LabError about a word of a command. */
export function insteadOf(written: string, known: readonly string[]): Pick<LabError, 'instead'> {
  const meant = nearest(written, known)
  return {instead: meant === undefined ? [] : [{written, meant}]}
}

/** `, did you mean x?`, or nothing. */
export function didYouMean(wrong: string, known: readonly string[]): string {
  const near = nearest(wrong, known)
  return near === undefined ? '' : `, did you mean \`${near}\`?`
}

/** The known word that was probably meant. Of a short one some letter has to be right, and capitals are no mistake of a letter. */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  return (wrong.length > longestSlip ? [] : known.filter(one => one.length <= longestSlip))
    .map(one => ({one, distance: distanceOf(wrong.toLowerCase(), one.toLowerCase())}))
    .filter(({one, distance}) => distance <= Math.max(2, one.length / 3) && distance < one.length)
    .sort((a, b) => a.distance - b.distance)[0]?.one
}

function distanceOf(wrong: string, known: string): number {
  return wrong !== known && sameLetters(wrong, known) ? 1 : leven(wrong, known)
}

/** Nobody mistypes longer ones, and what a stranger's file may hold is not compared letter by letter with everything. */
const longestSlip = 100

/** Two letters swapped are one slip of the fingers, and Levenshtein counts two. */
function sameLetters(a: string, b: string): boolean {
  return [...a].sort().join('') === [...b].sort().join('')
}
