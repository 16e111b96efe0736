/** The certificate in a real browser: nothing is wider than the page, on a phone, on a desk and on paper. */
import {type Browser, chromium} from 'playwright-core'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {renderCertificate} from '../../../cli/render/certificate.ts'
import {browserFile} from '../../browser.ts'
import {certified} from './certified.ts'

let browser: Browser
beforeAll(async () => {
  // Its sandbox needs rights that root in a container does not have; the only page it sees is our own.
  browser = await chromium.launch({executablePath: browserFile(), args: ['--no-sandbox']})
})
afterAll(() => browser?.close())

test.each([
  [420, 'screen', 'light'],
  [420, 'screen', 'dark'],
  [1280, 'screen', 'light'],
  [700, 'print', 'light'],
] as const)('%s px wide on %s, %s', async (width, media, colorScheme) => {
  const page = await browser.newPage({viewport: {width, height: 900}, colorScheme})
  const complaints: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(String(error)))
  await page.emulateMedia({media})
  await page.setContent(renderCertificate(certified))
  const wide = await page.evaluate<string[]>(`[...document.querySelectorAll('*')].flatMap(one =>
    one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5 ? [one.tagName] : [])`)
  expect(wide).toEqual([])
  expect(complaints).toEqual([])
  expect(await page.locator('h1').textContent()).toBe('Ada <b>L.</b>')
  await page.close()
})
