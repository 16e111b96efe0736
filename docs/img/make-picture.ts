/**
 * A picture of a terminal for the README: ANSI text on stdin, SVG on stdout.
 *
 *     tmux capture-pane -e -p | node docs/img/make-picture.ts 'pgha-lab chaos kill-leader' > docs/img/chaos.svg
 *
 * No font is embedded: every run of characters is placed by its column, so the picture holds whatever monospaced font
 * the reader has.
 */
import {text} from 'node:stream/consumers'

interface Style {
  readonly color: string
  readonly bold: boolean
  readonly dim: boolean
}

interface Run extends Style {
  readonly column: number
  readonly text: string
}

const foreground = '#d6dbe5'
const palette = ['#5c6370', '#f2777a', '#8fd18a', '#ffcc66', '#6cb6ff', '#d39bec', '#66cccc', '#d6dbe5'] as const
const plain: Style = {color: foreground, bold: false, dim: false}

const columnWidth = 8.4
const rowHeight = 18
const margin = 18
const titleHeight = 36

/** `ansi` as `tmux capture-pane -e -p` prints it: SGR sequences and text, nothing else. */
export function picture(ansi: string, title: string): string {
  const rows = ansi.replace(/\s+$/, '').split('\n')
  let style = plain
  const runs = rows.map(row => {
    const parsed = parse(row, style)
    style = parsed.style
    return parsed.runs
  })
  const columns = Math.max(...runs.flat().map(run => run.column + [...run.text].length))
  const width = Math.ceil(columns * columnWidth + 2 * margin)
  const height = titleHeight + rows.length * rowHeight + margin
  const lines = runs.flatMap((row, index) => row.map(run => draw(run, titleHeight + index * rowHeight + 13)))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${xml(title)}">
<rect width="${width}" height="${height}" rx="8" fill="#1b1f27"/>
<g fill="#3b4252"><circle cx="20" cy="17" r="5"/><circle cx="38" cy="17" r="5"/><circle cx="56" cy="17" r="5"/></g>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="14">
<text x="${width / 2}" y="22" fill="#8a93a5" text-anchor="middle">${xml(title)}</text>
${lines.join('\n')}
</g>
</svg>
`
}

function parse(row: string, before: Style): {runs: Run[]; style: Style} {
  const runs: Run[] = []
  let style = before
  let column = 0
  for (const [, sgr, plainText] of row.matchAll(/\u001b\[([0-9;]*)m|([^\u001b]+)/g)) {
    if (plainText === undefined) {
      style = (sgr || '0').split(';').map(Number).reduce(styled, style)
      continue
    }
    // Word by word, as a browser may take several blanks for one.
    for (const word of plainText.matchAll(/\S+( \S+)*/g))
      runs.push({...style, column: column + [...plainText.slice(0, word.index)].length, text: word[0]})
    column += [...plainText].length
  }
  return {runs, style}
}

function styled(style: Style, code: number): Style {
  if (code === 0) return plain
  if (code === 1) return {...style, bold: true}
  if (code === 2) return {...style, dim: true}
  if (code === 22) return {...style, bold: false, dim: false}
  if (code === 39) return {...style, color: foreground}
  if (code === 49) return style
  const color = palette[code >= 90 ? code - 90 : code - 30]
  if (color === undefined) throw new RangeError(`SGR ${code} has no place in this picture`)
  return {...style, color}
}

function draw({column, text, color, bold, dim}: Run, y: number): string {
  const x = (at: number) => (margin + at * columnWidth).toFixed(1)
  // Signs may come from another font with another width: each gets its own place.
  const isAscii = /^[ -~]*$/.test(text)
  const places = isAscii ? x(column) : [...text].map((_, index) => x(column + index)).join(' ')
  const length =
    isAscii && text.length > 1 ? ` textLength="${(text.length * columnWidth).toFixed(1)}" lengthAdjust="spacing"` : ''
  const weight = bold ? ' font-weight="bold"' : ''
  const opacity = dim ? ' opacity="0.6"' : ''
  return `<text x="${places}" y="${y}" fill="${color}"${length}${weight}${opacity}>${xml(text)}</text>`
}

function xml(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

if (import.meta.main) process.stdout.write(picture(await text(process.stdin), process.argv[2] ?? 'pgha-lab'))
