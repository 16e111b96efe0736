/** The HTML report on a phone, on the first screen of a laptop, and on paper. Without a script: the page is whole without one. */
import {type Browser, chromium, type Page} from 'playwright-core'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {renderHtml} from '../../../cli/render/html.ts'
import {type History, historyOf, of} from '../../../lab/history/history.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {withAskedLimit} from '../../../lab/scenario/asked-limit.ts'
import {browserFile} from '../../browser.ts'
import {imageVersions, recorded as recordedBefore, withImageVersions} from './recorded.ts'

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({executablePath: browserFile(), args: ['--no-sandbox']})
})
afterAll(() => browser?.close())

const recorded = (name: string): History => withImageVersions(recordedBefore(name))

/** A thousand lines around the fault. */
function logsOf(history: History): Map<string, string> {
  const [fault, clock] = [of(history, 'fault-injecting')[0], of(history, 'clock').find(one => one.who === 'engine')]
  if (fault === undefined || clock === undefined) return new Map()
  const wall = (ms: number) => new Date((fault.at - clock.offsetMicros) / 1000 + ms).toISOString()
  const says = (nth: number) => `${'abcdefghij'[nth % 10]} ${'a longer line of a log '.repeat(1 + (nth % 9))}`
  const lines = Array.from({length: 500}, (_, nth) => `${wall(nth)} patroni  | INFO: ${says(nth)}\n`).join('')
  return new Map(['node1', 'node2'].map(host => [host, lines]))
}

const asked = historyOf(
  recorded('kill-leader.pass').events.map(event =>
    event.kind === 'run-started' ? {...event, scenario: withAskedLimit(event.scenario, 30_000)} : event,
  ),
)
const severalDrivers = historyOf(
  recorded('kill-leader.pass').events.map(event =>
    event.kind === 'op' && event.client === 'w3' ? {...event, client: 'psycopg-mw1'} : event,
  ),
)
const runs: readonly (readonly [string, History])[] = [
  ['a pass by a limit that was asked for', asked],
  ['a failure', recorded('kill-leader-never-marked-down.fail')],
  ['a failure without a failover', recorded('switchover-tcp-check.fail')],
  ['an inconclusive run', recorded('kill-leader-stalled-disk.unknown')],
  ['a run that broke off', recorded('kill-leader-interrupted.unknown')],
  ['a run with hundreds of lost writes', recorded('leader-isolated.pass')],
  ['a table of drivers', severalDrivers],
]

async function open(history: History, width: number, height = 800): Promise<Page> {
  const page = await browser.newPage({viewport: {width, height}, offline: true, javaScriptEnabled: false})
  await page.setContent(renderHtml({report: judge(history), history, logs: logsOf(history)}))
  return page
}

const scrolls = (page: Page, selector: string) =>
  page.evaluate(`[...document.querySelectorAll('${selector}')].map(one => one.scrollWidth > one.clientWidth)`)

describe.each(runs)('%s', (_, history) => {
  test.each([
    [1280, 800],
    [420, 800],
  ])(
    'the first screen of %i x %i has the verdict, the limit, the timings, the versions and the topology',
    async (width, height) => {
      const page = await open(history, width, height)
      for (const what of ['.verdict', '.limit', '.headline', '.setup']) {
        const box = (await page.locator(what).first().boundingBox())!
        expect({what, whole: box.y >= 0 && box.y + box.height <= height}).toEqual({what, whole: true})
      }
      const says = await page.locator('header .setup').textContent()
      const {ttlSeconds, loopWaitSeconds, retryTimeoutSeconds} = of(history, 'run-started')[0]!.topology.patroni
      for (const part of [
        ...[`ttl ${ttlSeconds} s`, `loop_wait ${loopWaitSeconds} s`, `retry_timeout ${retryTimeoutSeconds} s`],
        ...['PostgreSQL 1', 'Patroni 4', 'etcd 3', 'HAProxy 3'],
        ...['profile fast', '3 PostgreSQL', '3 etcd', '1 HAProxy', 'synchronous_mode off'],
      ])
        expect(says).toContain(part)
      for (const part of Object.values(imageVersions)) expect(says).not.toContain(part)
      expect(await page.locator('.limit b').textContent()).toBe(judge(history).limit!.says.split(';')[0])
      await page.close()
    },
  )

  test('at 420 px the page does not scroll sideways, the phases fit, and what goes on says so', async () => {
    const page = await open(history, 420)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(420)
    expect(await scrolls(page, '.wide:has(.phases), .log')).not.toContain(true)
    expect(await scrolls(page, '.scroller')).toEqual([true])
    expect(await page.locator('.further').isVisible()).toBe(true)
    // The shadows of the tables: two lie still at the edges, two move with the table and cover them at its ends.
    for (const attachment of (await page.evaluate(
      `[...document.querySelectorAll('.wide')].map(one => getComputedStyle(one).backgroundAttachment)`,
    )) as string[])
      expect(attachment).toBe('local, local, scroll, scroll')
    await page.close()
  })

  test('it prints on two to four pages, with nothing cut, logs left out and heads that repeat', async () => {
    const page = await open(history, 1280)
    const pdf = (await page.pdf({preferCSSPageSize: true})).toString('latin1')
    const pages = pdf.match(/\/Type\s*\/Page\b/g)!.length
    expect(pages).toBeGreaterThanOrEqual(2)
    expect(pages).toBeLessThanOrEqual(4)
    // A4 in points.
    expect(pdf).toMatch(/\/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/)
    await page.setViewportSize({width: 703, height: 1000})
    await page.emulateMedia({media: 'print'})
    expect(await page.evaluate(standsOut)).toEqual([])
    expect(
      await page.evaluate(
        `[...new Set([...document.querySelectorAll('thead')].filter(one => one.checkVisibility()).map(one => getComputedStyle(one).display))]`,
      ),
    ).toEqual(['table-header-group'])
    expect(await page.locator('.logs').isVisible()).toBe(false)
    expect(await page.locator('#logs .print').isVisible()).toBe(true)
    await page.close()
  })
})

test('what the image was built from is a part of its own at the end, folded, and wraps when it is opened', async () => {
  const page = await open(asked, 420)
  const part = page.locator('#about details')
  expect(await part.locator('dl').isVisible()).toBe(false)
  await part.locator('summary').click()
  expect(await part.locator('dl').isVisible()).toBe(true)
  for (const value of Object.values(imageVersions)) expect(await part.textContent()).toContain(value)
  expect(await page.locator('#about > dl').textContent()).not.toContain('sha256')
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(420)
  await page.close()
})

test('words of any length in what a run says do not widen the page', async () => {
  const long = 'x'.repeat(300)
  const events = asked.events.map(event =>
    event.kind === 'run-started'
      ? {
          ...event,
          lab: long,
          versions: {...event.versions, postgres: long},
          scenario: {...event.scenario, name: long, about: long},
        }
      : event.kind === 'fault-proof'
        ? {...event, holds: false, says: long}
        : event,
  )
  const page = await open(historyOf(events), 420)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(420)
  await page.close()
})

test.each([360, 420, 700, 720, 740, 755, 758, 760, 770, 790, 900, 1280])(
  'at %i px the timeline says that it goes on exactly where it does',
  async width => {
    const page = await open(asked, width)
    const [goesOn] = (await scrolls(page, '.scroller')) as boolean[]
    expect(await page.locator('.further').isVisible()).toBe(goesOn)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    await page.locator('#zoom-4').check()
    expect(await page.locator('.further').isVisible()).toBe(true)
    await page.close()
  },
)

test('the edge at which the timeline goes on fades, and the one at which it ends does not', async () => {
  const page = await open(asked, 420)
  const fades = () =>
    page.evaluate(
      `['left', 'right'].map(side => parseFloat(getComputedStyle(document.querySelector('.scroller')).getPropertyValue('--fade-' + side)))`,
    )
  expect(await fades()).toEqual([0, 40])
  await page.evaluate(`document.querySelector('.scroller').scrollLeft = 9999`)
  await expect.poll(fades).toEqual([40, 0])
  await page.setViewportSize({width: 1280, height: 800})
  expect(await page.evaluate(`getComputedStyle(document.querySelector('.scroller')).maskImage`)).toBe('none')
  await page.close()
})

test('in grey, a host that is down does not look like a leader', async () => {
  const page = await open(asked, 703)
  await page.emulateMedia({media: 'print'})
  const fill = (look: string) => page.evaluate(`getComputedStyle(document.querySelector('.stretch.${look} rect')).fill`)
  expect(await fill('stopped')).toBe('rgb(255, 255, 255)')
  expect(await fill('leader')).not.toBe('rgb(255, 255, 255)')
  await page.close()
})

/** In the page: what stands out of the paper. */
const standsOut = `[...document.querySelectorAll('body *')].filter(one => one.checkVisibility() && !one.closest('svg') &&
  one.getBoundingClientRect().right > 704).map(one => one.outerHTML.slice(0, 80))`
