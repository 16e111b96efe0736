/**
 * What a script adds to the page, which is whole without it: a cursor over the timeline that tells in words what each lane is at
 * that moment, and the keys to move it. It runs in the reader's browser, so it is text here.
 */
export const script = `'use strict'
for (const scripted of document.querySelectorAll('.scripted')) scripted.hidden = false
const scroller = document.querySelector('.scroller')
const plot = document.querySelector('.plot')
const readout = document.querySelector('.readout')
const parts = [...plot.querySelectorAll('[data-from]')].map(part => ({
  from: Number(part.dataset.from),
  to: Number(part.dataset.to),
  lane: part.dataset.lane,
  says: part.querySelector('title')?.textContent ?? '',
}))
const {from, to, zero} = JSON.parse(document.querySelector('.timeline').dataset.range)
const cursor = document.createElement('div')
cursor.className = 'cursor'
cursor.hidden = true
scroller.append(cursor)
let now = zero
readout.textContent = 'Nothing chosen yet.'

function show(at, follow) {
  now = Math.min(to, Math.max(from, at))
  const x = (now - from) / (to - from) * plot.clientWidth
  cursor.hidden = false
  cursor.style.left = x + 'px'
  if (follow && (x < scroller.scrollLeft + 20 || x > scroller.scrollLeft + scroller.clientWidth - 20))
    scroller.scrollLeft = x - scroller.clientWidth / 2
  const seconds = ((now - zero) / 1e6).toFixed(3)
  const time = document.createElement('b')
  time.textContent = (seconds.startsWith('-') ? '' : '+') + seconds + ' s'
  const here = parts.filter(part => part.from <= now && now < part.to && !part.lane.endsWith('leader key'))
  readout.replaceChildren(time, here.map(part => part.says).join('; '))
}

function zoomTo(step) {
  const radios = [...document.querySelectorAll('[name=zoom]')]
  const next = radios[radios.findIndex(one => one.checked) + step]
  if (next) next.click()
}

scroller.addEventListener('pointermove', event => {
  show(from + (event.clientX - plot.getBoundingClientRect().left) / plot.clientWidth * (to - from), false)
})
scroller.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const step = (to - from) / plot.clientWidth * (event.shiftKey ? 40 : 4)
  const key = {
    ArrowLeft: () => show(now - step, true),
    ArrowRight: () => show(now + step, true),
    Home: () => show(from, true),
    End: () => show(to, true),
    '+': () => zoomTo(1),
    '=': () => zoomTo(1),
    '-': () => zoomTo(-1),
  }[event.key]
  if (!key) return
  event.preventDefault()
  key()
})
for (const radio of document.querySelectorAll('[name=zoom]'))
  radio.addEventListener('change', () => {
    show(now, false)
    scroller.scrollLeft = (now - from) / (to - from) * plot.clientWidth - scroller.clientWidth / 2
  })

function follow() {
  const moment = /^#at-(\\d+)$/.exec(location.hash)
  if (moment) show(Number(moment[1]), true)
}
addEventListener('hashchange', follow)
follow()
`
