import {expect, test} from 'vitest'
import {CpuPressure} from '../../../lab/clients/agent/cpu-pressure.ts'

const page = (total: number) =>
  `some avg10=1.00 avg60=2.00 avg300=3.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n`

test('the time that was waited for a CPU is told since the last time', () => {
  let total = 1000
  const pressure = new CpuPressure(() => page(total))
  total = 1500
  expect(pressure.sinceLast()).toBe(500)
  expect(pressure.sinceLast()).toBe(0)
})

test.each([
  [
    'has no such file',
    () => {
      throw new Error('ENOENT')
    },
  ],
  ['says something else', () => 'nothing of that kind'],
])('nothing is told where the kernel %s', (_, read) => {
  expect(new CpuPressure(read).sinceLast()).toBeNull()
})
