import {expect, test} from 'vitest'
import {renderExamined} from '../../../cli/render/doctor-text.ts'
import {anyCaller, next, ownCommand, shell} from '../../../lab/words/next-step.ts'

const long = Array.from({length: 40}, (_, index) => `word${index}`).join(' ')
const command = shell(`docker stop ${'x'.repeat(90)}`)
const examined = [
  {what: 'Node', state: 'ok', says: 'v24.21.0', fix: null},
  {
    what: 'Docker engine',
    state: 'warn',
    says: long,
    fix: next`${long} ${command} or: ${ownCommand('doctor', '--fix')}`,
  },
  {what: 'what the engine can do', state: 'fail', says: long, fix: ownCommand('doctor', '--fix')},
]

test.each([40, 80, 100])('at %d columns no line of words is longer, and each is whole', width => {
  const lines = renderExamined(examined, width, anyCaller).split('\n')
  for (const line of lines) if (!line.includes('docker stop')) expect(line.length, line).toBeLessThanOrEqual(width)
  const text = lines.map(line => line.trim()).join(' ')
  expect(text.match(/word39/g)).toHaveLength(3)
  for (const one of examined) expect(text).toContain(one.what)
})

test('a command stands whole on its line, whatever is wrapped around it', () => {
  const lines = renderExamined(examined, 80, anyCaller).split('\n')
  expect(lines.map(line => line.replace(/^ *(fix:)? */, ''))).toEqual(
    expect.arrayContaining([command.says(), 'pgha-lab doctor --fix']),
  )
})

test('what is short stands in two columns', () => {
  expect(renderExamined([{what: 'Node', state: 'ok', says: 'v24', fix: null}], 80, anyCaller)).toBe('ok    Node  v24\n')
})
