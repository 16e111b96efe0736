/** The page of several runs in a real browser, from a file: each run is whole in it, with its own moments and its own cursor. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {type Browser, chromium} from 'playwright-core'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {renderHtml} from '../../../cli/render/html.ts'
import {renderHtmlSeveral} from '../../../cli/render/html-several.ts'
import {judge} from '../../../lab/judge/judge.ts'
import {browserFile} from '../../browser.ts'
import {recorded} from './recorded.ts'

const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-html-'))
let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({executablePath: browserFile(), args: ['--no-sandbox']})
})
afterAll(async () => {
  await browser?.close()
  rmSync(folder, {recursive: true, force: true})
})

test('several runs are one file: a table, and each page whole when it is opened, its links within it', async () => {
  const runs = ['kill-leader.pass', 'switchover-tcp-check.fail'].map(name => {
    const history = recorded(name)
    const report = judge(history)
    return {report, page: renderHtml({report, history, logs: new Map(), framed: true})}
  })
  const file = join(folder, 'several.html')
  writeFileSync(
    file,
    renderHtmlSeveral(
      runs.map(one => one.report),
      runs.map(one => one.page),
    ),
  )
  const page = await browser.newPage({viewport: {width: 1280, height: 900}, offline: true})
  const complaints: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(String(error)))
  await page.goto(pathToFileURL(file).href)
  expect(await page.locator('h1').textContent()).toBe('1 of 2 runs passed')
  expect(await page.locator('summary').allTextContents()).toEqual([
    expect.stringMatching(/^PASSED kill-leader /),
    expect.stringMatching(/^FAILED switchover/),
  ])
  for (const [index, {report}] of runs.entries()) {
    await page.locator('summary').nth(index).click()
    const inside = page.frameLocator('iframe').nth(index)
    expect(await inside.locator('h1').textContent()).toContain(report.scenario)
    // The script runs, so that a moment leads to its place.
    await inside.locator('#story a').first().click()
    await inside.locator('.cursor').waitFor({state: 'visible'})
  }
  expect(complaints).toEqual([])
  await page.close()
})
