/** The colours of the screen of `watch`, as stored: what is said in which, line by line. */
import {stripVTControlCharacters} from 'node:util'
import {expect, test, vi} from 'vitest'

// chalk reads it once, when it is loaded; as `screen.tsx` has it.
vi.hoisted(() => {
  process.env.FORCE_COLOR = '1'
})

const {readFileSync} = await import('node:fs')
const {join} = await import('node:path')
const {scenes, shoot, sizes} = await import('./watch-shots.tsx')
const {painted} = await import('./painted.ts')

const pictures = sizes.flatMap(([columns, rows]) => Object.keys(scenes).map(scene => [scene, columns, rows] as const))

test.each(pictures)(
  '%s at %d x %d says the same in colours, which are as they are stored',
  async (scene, columns, rows) => {
    const picture = shoot({...scenes[scene], columns, rows})
    const plain = readFileSync(join(import.meta.dirname, `pictures/${scene}.${columns}x${rows}.txt`), 'utf8')
    const said = stripVTControlCharacters(picture)
      .split('\n')
      .map(line => line.trimEnd())
    expect(said).toEqual(plain.replace(/\n$/, '').split('\n'))
    const told = painted(picture).map(({line, style, text}) => `${line}: ${style}: ${text.trim()}\n`)
    await expect(told.join('')).toMatchFileSnapshot(`pictures/${scene}.${columns}x${rows}.colors.txt`)
  },
)
