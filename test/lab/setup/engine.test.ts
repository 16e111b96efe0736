import {expect, test} from 'vitest'
import {installCommand, parseStatus} from '../../../lab/setup/apt.ts'
import {isAtLeast, parseVersion} from '../../../lab/setup/compose-version.ts'
import {parseOsRelease, recipeFor} from '../../../lab/setup/distribution.ts'
import {whatIsMissing} from '../../../lab/setup/engine.ts'

const bookworm = recipeFor(parseOsRelease('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'))!

test('Debian 12 takes Docker from trixie, Debian 13 from itself', () => {
  expect(bookworm.fromTrixie).toBe(true)
  expect(recipeFor(parseOsRelease('ID=debian\nVERSION_ID="13"\n'))).toEqual({...bookworm, fromTrixie: false})
  expect(bookworm.engine).toEqual(['docker.io', 'docker-cli', 'docker-compose', 'docker-buildx', 'iptables'])
})

test('Ubuntu has its own names, and what we do not know has no recipe', () => {
  expect(recipeFor(parseOsRelease('ID=ubuntu\nVERSION_ID="24.04"\n'))?.engine).toEqual([
    'docker.io',
    'docker-compose-v2',
    'docker-buildx',
  ])
  expect(recipeFor(parseOsRelease('ID=ubuntu\nVERSION_ID="20.04"\n'))).toBeNull()
  expect(recipeFor(parseOsRelease('ID=debian\nVERSION_ID="11"\n'))).toBeNull()
  expect(recipeFor(parseOsRelease('ID=fedora\nVERSION_ID=41\n'))).toBeNull()
})

test('testing and unstable, which have no version, count as newer than Debian 13', () => {
  expect(recipeFor(parseOsRelease('ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"\n'))?.fromTrixie).toBe(false)
})

test('a bare machine with only a docker client gets the whole engine', () => {
  const missing = whatIsMissing(false, false, {state: 'missing'})
  expect(missing.says).toBe('there is no Docker engine and Docker Compose v2 (>= 2.23.1) is missing')
  expect(missing.packages(bookworm)).toEqual(bookworm.engine)
})

test('an engine that only does not run is started, not installed', () => {
  const missing = whatIsMissing(false, true, {state: 'ok', version: '2.26.1'})
  expect(missing.says).toBe('the Docker engine does not run')
  expect(missing.packages(bookworm)).toEqual([])
})

test('an engine that answers is never replaced: only Compose and the client are added', () => {
  expect(whatIsMissing(true, true, {state: 'old', version: '2.20.0'}).packages(bookworm)).toEqual(['docker-compose'])
  expect(whatIsMissing(true, false, {state: 'no-client'}).packages(bookworm)).toEqual(['docker-cli', 'docker-compose'])
})

test('versions of Compose compare by number, whatever a distribution adds to them', () => {
  expect(parseVersion('2.26.1-4')).toBe('2.26.1')
  expect(parseVersion('v2.40.3+ds1')).toBe('2.40.3')
  expect(parseVersion('docker: unknown command')).toBeNull()
  expect(isAtLeast('2.23.1', '2.23.1')).toBe(true)
  expect(isAtLeast('2.100.0', '2.23.1')).toBe(true)
  expect(isAtLeast('2.9.0', '2.23.1')).toBe(false)
})

test('apt is asked for no recommendations, no answers and its progress', () => {
  expect(installCommand(['docker.io', 'iptables']).join(' ')).toBe(
    'apt-get -y -o DPkg::Lock::Timeout=300 -o APT::Status-Fd=1 --no-install-recommends install docker.io iptables',
  )
})

test('downloading is the first half of the progress, installing the second', () => {
  expect(parseStatus('dlstatus:3:50.0000:Retrieving file 3 of 6 (2s remaining)')).toEqual({
    says: 'Retrieving file 3 of 6 (2s remaining)',
    fraction: 0.25,
  })
  expect(parseStatus('pmstatus:docker.io:40.0000:Installing docker.io (amd64)')).toEqual({
    says: 'Installing docker.io (amd64)',
    fraction: 0.7,
  })
  expect(parseStatus('pmstatus:libc6:amd64:10:Preparing libc6')?.fraction).toBe(0.55)
  expect(parseStatus('Reading package lists...')).toBeNull()
})
