/** The HTML report in a real browser, from a file and without a network: what is drawn is where the history says it is. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {type Browser, chromium, type Page} from 'playwright-core'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderJunit} from '../../../cli/render/junit.ts'
import {type History, of} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import type {Micros} from '../../../lab/words/quantity.ts'
import {browserFile} from '../../browser.ts'
import {recorded, recordedNames} from './recorded.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-html-'))
let browser: Browser

beforeAll(async () => {
  // Its sandbox needs rights that root in a container does not have; the only page it sees is our own.
  browser = await chromium.launch({executablePath: browserFile(), args: ['--no-sandbox']})
})
afterAll(async () => {
  await browser?.close()
  rmSync(folder, {recursive: true, force: true})
})

interface Opened {
  readonly page: Page
  /** What the console said, errors of the page, and requests for anything but the file itself. */
  readonly complaints: string[]
}

/** The file is made once; a line of log stands right at the fault. */
const files = new Map<string, string>()

function fileOf(name: string): string {
  const known = files.get(name)
  if (known !== undefined) return known
  const history = recorded(name)
  const offset = of(history, 'clock').find(event => event.who === 'engine')!.offsetMicros
  const wall = new Date((of(history, 'fault-injecting')[0]!.at - offset) / 1000).toISOString()
  const logs = new Map([['node1', `${wall} patroni  | INFO: this is the moment of the fault\n`]])
  const file = join(folder, `${name}.html`)
  writeFileSync(file, renderHtml({report: judge(history), history, logs}))
  files.set(name, file)
  return file
}

async function open(name: string, options: Parameters<Browser['newPage']>[0] = {}, hash = ''): Promise<Opened> {
  const address = pathToFileURL(fileOf(name)).href
  const page = await browser.newPage({viewport: {width: 1280, height: 900}, offline: true, ...options})
  const complaints: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => {
    if (request.url().split('#')[0] !== address) complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(address + hash)
  return {page, complaints}
}

/** Where in the page a moment has to be: the timeline lasts from the beginning of the steady phase to the last event. */
async function pixelOf(page: Page, history: History, at: Micros): Promise<number> {
  const from = of(history, 'phase').find(phase => phase.name === 'steady')!.at
  const to = history.events.at(-1)!.at
  const plot = (await page.locator('.plot').boundingBox())!
  return plot.x + ((at - from) / (to - from)) * plot.width
}

async function edges(page: Page, selector: string): Promise<{left: number; right: number}> {
  const box = (await page.locator(selector).first().boundingBox())!
  return {left: box.x, right: box.x + box.width}
}

test.each(recordedNames)(
  '%s opens from a file without a word in the console and without asking the network',
  async name => {
    const {page, complaints} = await open(name)
    expect(complaints).toEqual([])
    const {scenario} = judge(recorded(name))
    expect(name.startsWith(scenario) && scenario !== '').toBe(true)
    expect(await page.locator('h1').textContent()).toContain(scenario)
    await page.close()
  },
)

describe('kill-leader.pass', () => {
  const history = recorded('kill-leader.pass')
  const fault = of(history, 'fault-injecting')[0]!
  const oldLeader = fault.hosts[0]!
  const keys = of(history, 'leader-key')
  const newKey = keys.find(key => key.at > fault.at && key.holder !== null)!
  const newLeader = newKey.holder!
  const writable = of(history, 'postgres').find(
    one => one.host === newLeader && one.up && one.inRecovery === false && !one.readOnly,
  )!
  const container = (action: string) =>
    of(history, 'container').find(event => event.host === oldLeader && event.action === action)!
  const acknowledged = of(history, 'op').filter(op => op.op === 'write' && op.outcome === 'ok')
  const firstWrite = acknowledged.find(op => op.at > newKey.at)!
  const lastWrite = acknowledged.findLast(op => op.at < firstWrite.at)!

  test.each([1, 16])('lanes, fault and gap are where the history says they are (zoom %d)', async zoom => {
    const {page} = await open('kill-leader.pass')
    await page.locator(`#zoom-${zoom}`).check()
    const at = (moment: Micros) => pixelOf(page, history, moment)
    // A frame of 2 px stands half outside.
    const near = async (pixels: number, moment: Micros) =>
      expect(Math.abs(pixels - (await at(moment)))).toBeLessThan(1.5)

    const down = await edges(page, `[data-lane="${oldLeader} role"].stopped`)
    await near(down.left, container('die').at)
    await near(down.right, container('start').at)
    const leader = await edges(page, `[data-lane="${newLeader} role"].leader`)
    await near(leader.left, writable.at)
    const key = await edges(page, `[data-lane="${newLeader} leader key"]`)
    await near(key.left, newKey.at)
    const oldKey = await edges(page, `[data-lane="${oldLeader} leader key"]`)
    await near(oldKey.right, keys.find(event => event.at > fault.at && event.holder === null)!.at)
    const gap = await edges(page, '[data-lane="writes"].gap')
    await near(gap.left, lastWrite.at)
    await near(gap.right, firstWrite.at)
    const shaded = await edges(page, '[data-lane="fault crash"] rect')
    await near(shaded.left, fault.at)
    await near(shaded.right, of(history, 'fault-mended')[0]!.at)
    await page.close()
  })

  test('no slice of the throughput shows a write within the gap, and every one shows some before it', async () => {
    const {page} = await open('kill-leader.pass')
    const buckets = await page
      .locator('[data-lane="throughput"]')
      .evaluateAll(all => all.map(one => ({...(one as unknown as {dataset: Record<string, string>}).dataset})))
    const writes = (from: Micros, to: Micros) =>
      buckets.filter(one => Number(one.from) >= from && Number(one.to) <= to).map(one => Number(one.writes))
    expect(Math.max(...writes(lastWrite.at, firstWrite.at))).toBe(0)
    expect(Math.min(...writes(fault.at - 2e6, lastWrite.at))).toBeGreaterThan(0)
    await page.close()
  })

  test('a log line leads to its moment on the timeline, by keyboard', async () => {
    const {page} = await open('kill-leader.pass')
    const link = page.locator('.log a.moment').first()
    await link.focus()
    await page.keyboard.press('Enter')
    const target = page.locator('.target:target')
    expect(Math.abs((await target.boundingBox())!.x - (await pixelOf(page, history, fault.at)))).toBeLessThan(3)
    expect(await page.locator('.readout').textContent()).toContain(`${oldLeader}`)
    await page.close()
  })

  test('the cursor moves by keyboard and tells what each lane is', async () => {
    const {page, complaints} = await open('kill-leader.pass')
    await page.locator('.scroller').focus()
    await page.keyboard.press('End')
    expect(await page.locator('.readout').textContent()).toMatch(/^\+\d/)
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+ArrowRight')
    expect(await page.locator('.readout').textContent()).toContain('is the leader and takes writes')
    await page.keyboard.press('+')
    expect(await page.locator('#zoom-4').isChecked()).toBe(true)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('everything is there without a script, and a link to a moment works', async () => {
    const {page} = await open('kill-leader.pass', {javaScriptEnabled: false}, `#at-${fault.at}`)
    expect(await page.locator('.target:target').count()).toBe(1)
    expect(await page.locator('.stretch.gap').isVisible()).toBe(true)
    expect(await page.locator('.readout').isVisible()).toBe(false)
    await page.locator('#zoom-4').check()
    const plot = (await page.locator('.plot').boundingBox())!
    const scroller = (await page.locator('.scroller').boundingBox())!
    expect(plot.width / scroller.width).toBeCloseTo(4, 1)
    await page.close()
  })

  test('a label is shown only where it fits', async () => {
    const {page} = await open('kill-leader.pass')
    for (const zoom of [1, 4, 16]) {
      await page.locator(`#zoom-${zoom}`).check()
      expect(await page.evaluate(tooWide)).toEqual([])
    }
    await page.close()
  })

  test('on a narrow screen nothing but the timeline and the tables is wider than the screen', async () => {
    const {page} = await open('kill-leader.pass', {viewport: {width: 360, height: 740}})
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    await page.close()
  })

  test('printed, it is light and whole, also for a reader whose screen is dark and zoomed', async () => {
    const {page, complaints} = await open('kill-leader.pass', {
      colorScheme: 'dark',
      viewport: {width: 703, height: 1000},
    })
    const page0 = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.locator('#zoom-16').check()
    await page.emulateMedia({media: 'print'})
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect(page0).not.toBe('rgb(255, 255, 255)')
    for (const hidden of ['nav', '.toolbar', '.readout', '.hosts'])
      expect(await page.locator(hidden).first().isVisible()).toBe(false)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(703)
    const gap = await edges(page, '.stretch.gap')
    expect(gap.right).toBeLessThan(703)
    const pdf = await page.pdf({format: 'A4'})
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
    expect(complaints).toEqual([])
    await page.close()
  })
})

test.each(['light', 'dark'] as const)(
  '%s: every text stands out from what is behind it (WCAG AA)',
  async colorScheme => {
    const {page} = await open('kill-leader-never-marked-down.fail', {colorScheme})
    const faint = (await page.evaluate(contrasts)) as {says: string; ratio: number}[]
    expect(faint).toEqual([])
    await page.close()
  },
)

test('JUnit is well-formed XML', async () => {
  const page = await browser.newPage()
  const xml = renderJunit(recordedNames.map(name => judge(recorded(name))))
  const errors = await page.evaluate(
    `new DOMParser().parseFromString(${JSON.stringify(xml)}, 'application/xml').querySelectorAll('parsererror').length`,
  )
  expect(errors).toBe(0)
  await page.close()
})

/** In the page: labels that are shown and stand out of their stretch. */
const tooWide = `[...document.querySelectorAll('.stretch text')].filter(text => text.checkVisibility() &&
  text.getBoundingClientRect().right > text.parentElement.getBoundingClientRect().right + 1).map(text => text.textContent)`

/** In the page: texts on a plain background whose contrast with it is less than 4.5, or 3 where they are large. */
const contrasts = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
  const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data }
  const light = color => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => {
    const value = rgb(color)[i] / 255
    return sum + share * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  }, 0)
  const behind = one => {
    for (let at = one; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (rgb(color)[3] === 255) return color
    }
    return 'white'
  }
  const under = text => {
    const rect = text.closest('.stretch')?.querySelector('rect')
    const fill = rect && getComputedStyle(rect).fill
    return fill && !fill.startsWith('url') && fill !== 'none' ? fill : behind(text)
  }
  return [...document.querySelectorAll('body *')].flatMap(one => {
    const own = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim() !== '')
    if (!own || !one.checkVisibility() || one.closest('title, style, script, .skip')) return []
    const style = getComputedStyle(one)
    const isSvg = one instanceof SVGElement
    const [a, b] = [light(isSvg ? style.fill : style.color), light(isSvg ? under(one) : behind(one))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    const size = parseFloat(style.fontSize)
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    return ratio < (isLarge ? 3 : 4.5) ? [{says: one.textContent.trim().slice(0, 40), ratio: Math.round(ratio * 100) / 100}] : []
  })
})()`
