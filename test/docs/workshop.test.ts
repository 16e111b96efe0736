/** docs/workshop.md speaks of the lessons and of what a lesson may ask, all of them and no others. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {commandLine} from '../../cli/program.ts'
import {withTheirOwn} from '../../cli/their-arguments.ts'
import {factNames} from '../../lab/workshop/facts.ts'
import {loadLessons} from '../../lab/workshop/index.ts'
import {modelValues} from '../../lab/workshop/lesson.ts'
import {parseLesson} from '../../lab/workshop/parse.ts'
import {runValueNames} from '../../lab/workshop/run-values.ts'
import {parse} from './rehearse.ts'
import {root} from './shell-blocks.ts'

const page = readFileSync(join(root, 'docs', 'workshop.md'), 'utf8')
const named = (text: string) => [...text.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name)

test('its table has every lesson, in order, with its minutes', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \| /gm)].map(([, name, minutes]) => `${name} ${minutes}`)
  expect(rows).toEqual(loadLessons().map(({name, minutes}) => `${name} ${minutes}`))
})

test('it names all that can be asked', () => {
  const [, lab = '', run = '', model = ''] =
    /can be asked: ([\s\S]*?)\. Of a run: ([\s\S]*?)\. Of the model, [^:]*: ([\s\S]*?)\.\n/.exec(page) ?? []
  expect(named(lab)).toEqual(factNames.toSorted())
  expect(named(run)).toEqual(runValueNames.toSorted())
  expect(named(model)).toEqual(modelValues.toSorted())
})

test('its lesson is one', () => {
  const [, yaml = ''] = /```yaml\n(title:[\s\S]*?)```/.exec(page) ?? []
  expect(parseLesson('docs/workshop.md', yaml).parts).toHaveLength(6)
})

test('every command of every lesson is one that the command line takes', async () => {
  const known = commandLine().commands.map(one => one.name())
  for (const {name, parts} of loadLessons())
    for (const part of parts) {
      if (part.do !== 'type') continue
      expect(known, name).toContain(withTheirOwn(['node', 'x', ...part.words])[2])
      await parse(part.words)
    }
})
