/** What the terminal's sixteen colours look like: xterm's own, and those that desktops come with. Hex, as their sources have them. */
export interface Palette {
  readonly foreground: string
  readonly background: string
  /** Black, red, green, yellow, blue, magenta, cyan, white; then the bright ones. */
  readonly colors: readonly string[]
}

const list = (text: string): readonly string[] => text.split(' ')

// https://invisible-island.net/xterm/ (XTerm-col.ad)
const xterm = list(
  '000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff',
)
// GNOME Terminal
const tango = list(
  '2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec',
)
// https://ethanschoonover.com/solarized/
const solarized = list(
  '073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5 002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3',
)
const apple = list(
  '000000 c23621 25bc24 adad27 492ee1 d338d3 33bbc8 cbcccd 818383 fc391f 31e722 eaec23 5833ff f935f8 14f0f0 e9ebeb',
)

export const palettes: Readonly<Record<string, Palette>> = {
  'xterm, dark': {foreground: 'e5e5e5', background: '000000', colors: xterm},
  'xterm, light': {foreground: '000000', background: 'ffffff', colors: xterm},
  'Tango, dark': {foreground: 'd3d7cf', background: '2e3436', colors: tango},
  'Tango, light': {foreground: '2e3436', background: 'eeeeec', colors: tango},
  Ubuntu: {foreground: 'ffffff', background: '300a24', colors: tango},
  'Solarized, dark': {foreground: '839496', background: '002b36', colors: solarized},
  'Solarized, light': {foreground: '657b83', background: 'fdf6e3', colors: solarized},
  'Terminal.app, dark': {foreground: 'ffffff', background: '1e1e1e', colors: apple},
  'Terminal.app, light': {foreground: '000000', background: 'ffffff', colors: apple},
  'Windows, Campbell': {
    ...{foreground: 'cccccc', background: '0c0c0c'},
    colors: list(
      '0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc 767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2',
    ),
  },
  'Windows, One Half Light': {
    ...{foreground: '383a42', background: 'fafafa'},
    colors: list(
      '383a42 e45649 50a14f c18301 0184bc a626a4 0997b3 fafafa 4f525d df6c75 98c379 e4c07a 61afef c577dd 56b5c1 ffffff',
    ),
  },
  'VS Code, dark': {
    ...{foreground: 'cccccc', background: '1e1e1e'},
    colors: list(
      '000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db e5e5e5',
    ),
  },
  'VS Code, light': {
    ...{foreground: '333333', background: 'ffffff'},
    colors: list(
      '000000 cd3131 107c10 949800 0451a5 bc05bc 0598bc 555555 666666 cd3131 14ce14 b5ba00 0451a5 bc05bc 0598bc a5a5a5',
    ),
  },
}

const rgb = (hex: string): readonly number[] => [0, 2, 4].map(at => Number.parseInt(hex.slice(at, at + 2), 16))

/** Of WCAG 2.2: between 1 and 21. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(hex: string): number {
  const [r, g, b] = rgb(hex).map(value => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** As VTE, xterm and others draw SGR 2: two thirds of the colour, and one of the background. */
export function faint(color: string, background: string): string {
  const behind = rgb(background)
  return rgb(color)
    .map((value, index) => Math.round((2 * value + behind[index]!) / 3))
    .map(value => value.toString(16).padStart(2, '0'))
    .join('')
}
