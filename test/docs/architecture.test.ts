import {globSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {expect, test} from 'vitest'
import {sections} from './markdown.ts'

const root = join(import.meta.dirname, '..', '..')

test('the layers of docs/how/architecture.md name every file and folder of lab/, and nothing that is not there', () => {
  const table = sections(readFileSync(join(root, 'docs', 'how', 'architecture.md'), 'utf8')).get('Layers') ?? ''
  const rows = table.split('\n').filter(line => /^\| [a-z]+ \| /.test(line) && !line.startsWith('| layer '))
  const words = rows.flatMap(row => (row.split(' | ')[1] ?? '').split(/[,;:]| and |\s/)).filter(word => word !== '')
  const known = [
    ...globSync('lab/*.ts', {cwd: root}).map(file => basename(file, '.ts')),
    ...globSync('lab/*/', {cwd: root}).map(folder => `${basename(folder)}/`),
  ]
  expect(known.filter(one => !words.includes(one))).toEqual([])
  const names = rows.flatMap(row => (row.split(' | ')[1] ?? '').replace(/`[^`]*`|[^,;]*:/g, '').split(/[,;]| and /))
  expect(names.map(one => one.trim()).filter(one => one !== '' && !known.includes(one))).toEqual([])
})
