/** A few words in large letters, for the last row of a room. */

/** Each letter's five lines, a bit a column, the left one highest. */
const glyphs: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  A: [0b01110, 0b10001, 0b11111, 0b10001, 0b10001],
  B: [0b11110, 0b10001, 0b11110, 0b10001, 0b11110],
  C: [0b01111, 0b10000, 0b10000, 0b10000, 0b01111],
  D: [0b11110, 0b10001, 0b10001, 0b10001, 0b11110],
  E: [0b11111, 0b10000, 0b11110, 0b10000, 0b11111],
  F: [0b11111, 0b10000, 0b11110, 0b10000, 0b10000],
  G: [0b01111, 0b10000, 0b10011, 0b10001, 0b01111],
  H: [0b10001, 0b10001, 0b11111, 0b10001, 0b10001],
  I: [0b01110, 0b00100, 0b00100, 0b00100, 0b01110],
  J: [0b00111, 0b00001, 0b00001, 0b10001, 0b01110],
  K: [0b10010, 0b10100, 0b11000, 0b10100, 0b10010],
  L: [0b10000, 0b10000, 0b10000, 0b10000, 0b11111],
  M: [0b10001, 0b11011, 0b10101, 0b10001, 0b10001],
  N: [0b10001, 0b11001, 0b10101, 0b10011, 0b10001],
  O: [0b01110, 0b10001, 0b10001, 0b10001, 0b01110],
  P: [0b11110, 0b10001, 0b11110, 0b10000, 0b10000],
  Q: [0b01110, 0b10001, 0b10101, 0b10010, 0b01101],
  R: [0b11110, 0b10001, 0b11110, 0b10010, 0b10001],
  S: [0b01111, 0b10000, 0b01110, 0b00001, 0b11110],
  T: [0b11111, 0b00100, 0b00100, 0b00100, 0b00100],
  U: [0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
  V: [0b10001, 0b10001, 0b10001, 0b01010, 0b00100],
  W: [0b10001, 0b10001, 0b10101, 0b11011, 0b10001],
  X: [0b10001, 0b01010, 0b00100, 0b01010, 0b10001],
  Y: [0b10001, 0b01010, 0b00100, 0b00100, 0b00100],
  Z: [0b11111, 0b00010, 0b00100, 0b01000, 0b11111],
  '0': [0b01110, 0b10011, 0b10101, 0b11001, 0b01110],
  '1': [0b00100, 0b01100, 0b00100, 0b00100, 0b01110],
  '2': [0b11110, 0b00001, 0b01110, 0b10000, 0b11111],
  '3': [0b11110, 0b00001, 0b00110, 0b00001, 0b11110],
  '4': [0b10010, 0b10010, 0b11111, 0b00010, 0b00010],
  '5': [0b11111, 0b10000, 0b11110, 0b00001, 0b11110],
  '6': [0b01110, 0b10000, 0b11110, 0b10001, 0b01110],
  '7': [0b11111, 0b00001, 0b00010, 0b00100, 0b00100],
  '8': [0b01110, 0b10001, 0b01110, 0b10001, 0b01110],
  '9': [0b01110, 0b10001, 0b01111, 0b00001, 0b01110],
  '.': [0, 0, 0, 0, 0b01000],
  ',': [0, 0, 0, 0b01000, 0b10000],
  ':': [0, 0b01000, 0, 0b01000, 0],
  '-': [0, 0, 0b11110, 0, 0],
  _: [0, 0, 0, 0, 0b11111],
  '/': [0b00001, 0b00010, 0b00100, 0b01000, 0b10000],
  '?': [0b01110, 0b10001, 0b00110, 0, 0b00100],
  "'": [0b00100, 0b00100, 0, 0, 0],
  ' ': [0, 0, 0, 0, 0],
}

const letterWidth = 6
/** More rows of letters leave no room for what else is on the page. */
const mostRows = 3

interface Room {
  readonly columns: number
  /** Lines; as many as it takes where nobody says. */
  readonly rows?: number | undefined
  readonly ascii: boolean
}

/**
 * As large as there is room for: letters of five lines, or of three where there are half blocks; none where even those do not fit. Each line
 * has no blank at its end. Words are kept whole; a letter that has no picture is left out, and what fits in no row is cut.
 */
export function large(text: string, {columns, rows = Number.POSITIVE_INFINITY, ascii}: Room): readonly string[] {
  const lettered = inRows(text, Math.max(4, Math.floor((columns + 1) / letterWidth)))
  const ink = ascii ? '#' : '█'
  const whole = lettered.flatMap((row, index) => [...(index === 0 ? [] : ['']), ...drawn(row, ink)])
  if (whole.length <= rows) return whole
  const halves = ascii ? [] : lettered.flatMap(drawnInHalves)
  return halves.length <= rows ? halves : []
}

function inRows(text: string, perRow: number): readonly string[] {
  const rows: string[] = ['']
  for (const word of text.toUpperCase().split(/\s+/)) {
    const shown = [...word]
      .filter(letter => Object.hasOwn(glyphs, letter))
      .join('')
      .slice(0, perRow)
    const last = rows.at(-1)!
    if (last === '') rows[rows.length - 1] = shown
    else if (last.length + 1 + shown.length <= perRow) rows[rows.length - 1] = `${last} ${shown}`
    else rows.push(shown)
  }
  return rows.slice(0, mostRows)
}

function drawn(row: string, ink: string): string[] {
  return inked(row).map(line =>
    line
      .map(isInked => (isInked ? ink : ' '))
      .join('')
      .trimEnd(),
  )
}

/** Two lines in one. */
function drawnInHalves(row: string): string[] {
  const lines = inked(row)
  return [0, 2, 4].map(upper =>
    lines[upper]!.map((above, column) => {
      const below = lines[upper + 1]?.[column] ?? false
      return above ? (below ? '█' : '▀') : below ? '▄' : ' '
    })
      .join('')
      .trimEnd(),
  )
}

/** The five lines of a row of letters, column by column. */
function inked(row: string): boolean[][] {
  return [0, 1, 2, 3, 4].map(line =>
    [...row].flatMap((letter, index) => {
      const bits = glyphs[letter]?.[line] ?? 0
      return [...(index === 0 ? [] : [false]), ...[16, 8, 4, 2, 1].map(bit => (bits & bit) !== 0)]
    }),
  )
}
