import {expect, test} from 'vitest'
import {ascii, color, hasScreen, isInFront} from '../../../cli/ui/terminal.ts'

const tty = {isTTY: true}
const pipe = {isTTY: false}

test('there is a screen on a terminal, and none in a pipe, on a dumb terminal, in CI or for a screen reader', () => {
  expect(hasScreen(tty, {TERM: 'xterm'}, () => true)).toBe(true)
  expect(hasScreen(pipe, {TERM: 'xterm'})).toBe(false)
  expect(hasScreen(tty, {TERM: 'dumb'})).toBe(false)
  expect(hasScreen(tty, {TERM: 'xterm', CI: 'true'})).toBe(false)
  expect(hasScreen(tty, {TERM: 'xterm', INK_SCREEN_READER: 'true'})).toBe(false)
})

test('a process in the background of its terminal has no screen: the kernel would stop it when it reads a key', () => {
  expect(hasScreen(tty, {TERM: 'xterm'}, () => false)).toBe(false)
  expect(isInFront('4711 (node) S 4000 4711 4000 34816 4711 4194304 1')).toBe(true)
  expect(isInFront('4711 (node) S 4000 4711 4000 34816 4000 4194304 1')).toBe(false)
  expect(isInFront('4711 (a ) name S 1) S 4000 4711 4000 34816 4000 4194304 1')).toBe(false)
  expect(isInFront('')).toBe(true)
})

test('a terminal has colours unless NO_COLOR or TERM=dumb say no; FORCE_COLOR gives them to a pipe', () => {
  expect(color(tty, {TERM: 'xterm'})).toBe(true)
  expect(color(tty, {TERM: 'xterm', NO_COLOR: '1'})).toBe(false)
  expect(color(tty, {TERM: 'dumb'})).toBe(false)
  expect(color(tty, {TERM: 'xterm', FORCE_COLOR: '0'})).toBe(false)
  expect(color(pipe, {TERM: 'xterm'})).toBe(false)
  expect(color(pipe, {FORCE_COLOR: '1'})).toBe(true)
})

test('only ASCII is printed where the locale is not UTF-8: LC_ALL counts before LC_CTYPE and LANG', () => {
  expect(ascii({LANG: 'C.UTF-8'})).toBe(false)
  expect(ascii({LANG: 'en_US.utf8'})).toBe(false)
  expect(ascii({LANG: 'C'})).toBe(true)
  expect(ascii({})).toBe(true)
  expect(ascii({LC_ALL: 'C', LANG: 'en_US.UTF-8'})).toBe(true)
  expect(ascii({LC_ALL: '', LC_CTYPE: 'de_DE.UTF-8', LANG: 'C'})).toBe(false)
})
