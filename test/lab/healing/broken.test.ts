import {expect, test} from 'vitest'
import {leftover} from '../../../lab/healing/broken.ts'
import type {Mend} from '../../../lab/history/event.ts'

test('the container of a program is a leftover only when no command works on the lab; what a fault broke is broken either way', () => {
  const signs: Mend[] = [
    {do: 'start-host', host: 'node1'},
    {do: 'remove-program', host: null, program: 'mine'},
  ]
  expect(leftover(signs, false)).toEqual(signs)
  expect(leftover(signs, true)).toEqual([{do: 'start-host', host: 'node1'}])
})
