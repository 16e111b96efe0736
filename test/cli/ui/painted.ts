/** What of a picture of the terminal is painted, and how: SGR read back. */
export interface Painted {
  /** From 1. */
  readonly line: number
  /** `bold red`, as SGR has it. */
  readonly style: string
  readonly text: string
}

const on: Readonly<Record<string, string>> = {
  ...{'1': 'bold', '2': 'dim', '7': 'inverse'},
  ...{
    '30': 'black',
    '31': 'red',
    '32': 'green',
    '33': 'yellow',
    '34': 'blue',
    '35': 'magenta',
    '36': 'cyan',
    '37': 'white',
  },
  ...{'90': 'bright black', '91': 'bright red', '92': 'bright green', '93': 'bright yellow', '94': 'bright blue'},
  ...{'95': 'bright magenta', '96': 'bright cyan', '97': 'bright white'},
}
const weights = ['bold', 'dim']
const colors = Object.values(on).filter(name => ![...weights, 'inverse'].includes(name))
const off: Readonly<Record<string, readonly string[]>> = {
  ...{'0': Object.values(on), '22': weights, '27': ['inverse'], '39': colors},
}

/** Every run of text that is not plain, blanks left out. @throws TypeError for SGR beyond weights, inverse and the sixteen colours. */
export function painted(picture: string): readonly Painted[] {
  let style: readonly string[] = []
  const runs: Painted[] = []
  for (const [index, row] of picture.split('\n').entries())
    for (const [, sgr, text = ''] of row.matchAll(/\u001b\[([0-9;]*)m|([^\u001b]+)/g)) {
      if (sgr === undefined) {
        if (style.length > 0 && text.trim() !== '') runs.push({line: index + 1, style: style.join(' '), text})
        continue
      }
      for (const code of sgr.split(';')) {
        const [name, ends] = [on[code], off[code || '0']]
        if (name === undefined && ends === undefined) throw new TypeError(`SGR ${code} is none that a theme may use`)
        style =
          name === undefined
            ? style.filter(one => !ends!.includes(one))
            : [...style.filter(one => one !== name && !(colors.includes(name) && colors.includes(one))), name]
      }
    }
  return runs
}
