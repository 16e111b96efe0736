/**
 * The set-up of the tests in a browser: finds Chromium, and installs Debian's where there is none. It fails loudly where neither
 * can be: a test that is quietly left out would look like one that passed.
 */
import {existsSync} from 'node:fs'
import {aptInstall, aptUpdate} from '../lab/setup/apt.ts'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

export function browserFile(): string {
  const found = places.find(place => existsSync(place))
  if (found === undefined)
    throw new Error(`there is no Chromium at ${places.join(' or ')}. Install it: apt-get install chromium`)
  return found
}

/** vitest's globalSetup. */
export default async function setup(): Promise<void> {
  if (places.some(place => existsSync(place))) return
  const missing = 'the tests of the HTML report need a browser, and there is no Chromium'
  const hint = 'Install it: apt-get install chromium'
  if (process.env.PGHA_LAB_SETUP === 'never')
    throw new Error(`${missing}; PGHA_LAB_SETUP=never forbids installing it. ${hint}`)
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0)
    throw new Error(`${missing}; only root on Debian or Ubuntu can have it installed from here. ${hint}`)
  console.log('installing chromium, which the tests of the HTML report need ...')
  await aptUpdate(() => {})
  await aptInstall(['chromium'], () => {})
  browserFile()
}
