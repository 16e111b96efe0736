import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {
  debianMirror,
  parseDeb822,
  parseOneLine,
  pinOnly,
  readAptSources,
  sourceFor,
} from '../../../lab/setup/apt-source.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

const deb822 = `# made by the installer
Types: deb
# a comment inside a stanza
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: ${keyring}

Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: ${keyring}

Enabled: no
Types: deb
URIs: http://elsewhere.example/debian
Suites: bookworm
Components: main
`

test('a deb822 file gives its stanzas that are on', () => {
  const found = parseDeb822(deb822)
  expect(found.map(one => one.uris[0])).toEqual([
    'http://mirror.example/debian',
    'http://mirror.example/debian-security',
  ])
  expect(found[0]).toEqual({
    uris: ['http://mirror.example/debian'],
    suites: ['bookworm', 'bookworm-updates'],
    components: ['main', 'contrib'],
    options: {'Signed-By': keyring},
  })
})

test('a key that stands in a deb822 stanza is carried over whole', () => {
  const [source] = parseDeb822(`Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
Check-Valid-Until: no
`)
  expect(sourceFor('trixie', source!)).toContain(
    'Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----\nCheck-Valid-Until: no\n',
  )
})

test('one-line entries are read with their options, comments and deb-src are not', () => {
  const found = parseOneLine(`# deb http://commented.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [signed-by=${keyring} arch=amd64,arm64] https://mirror.example/debian bookworm main non-free-firmware # note
deb cdrom:[Debian]/ bookworm main
deb http://mirror.example/debian-security bookworm-security main
`)
  expect(found[0]).toEqual({
    uris: ['https://mirror.example/debian'],
    suites: ['bookworm'],
    components: ['main', 'non-free-firmware'],
    options: {'Signed-By': keyring, Architectures: 'amd64 arm64'},
  })
  expect(debianMirror(found)?.uris).toEqual(['https://mirror.example/debian'])
})

test('the source for trixie reuses the mirror and the keyring of this machine', () => {
  const mirror = debianMirror(parseDeb822(deb822))
  expect(
    sourceFor('trixie', mirror!),
  ).toBe(`# pgha-lab: a newer Docker than this release has; see preferences.d for what may come from here.
Types: deb
URIs: http://mirror.example/debian
Suites: trixie
Components: main
Signed-By: ${keyring}
`)
})

test('a key file of another release is replaced by the keyring that has them all', () => {
  const [mirror] = parseOneLine(
    'deb [signed-by=/usr/share/keyrings/debian-archive-bookworm-stable.gpg] http://mirror.example/debian bookworm main',
  )
  expect(sourceFor('trixie', mirror!)).toContain(`Signed-By: ${keyring}\n`)
})

test('a mirror of Ubuntu, a security archive or a vendor is no Debian mirror', () => {
  const found = parseOneLine(`deb http://mirror.example/ubuntu noble main universe
deb http://mirror.example/debian-security bookworm-security main
deb http://vendor.example/apt cloud-sdk-bookworm main
`)
  expect(found).toHaveLength(3)
  expect(debianMirror(found)).toBeNull()
})

test('files are read in the order of apt, and ours and those that apt ignores are not', () => {
  const etc = mkdtempSync(join(tmpdir(), 'pgha-lab-apt-'))
  try {
    mkdirSync(join(etc, 'sources.list.d'))
    const line = (name: string) => `deb http://${name}.example/debian bookworm main\n`
    writeFileSync(join(etc, 'sources.list'), line('first'))
    writeFileSync(join(etc, 'sources.list.d', 'b.list'), line('second'))
    writeFileSync(join(etc, 'sources.list.d', 'c.list.disabled'), line('never'))
    writeFileSync(join(etc, 'sources.list.d', 'pgha-lab-trixie.sources'), deb822)
    expect(readAptSources(etc).map(one => one.uris[0])).toEqual([
      'http://first.example/debian',
      'http://second.example/debian',
    ])
  } finally {
    rmSync(etc, {recursive: true})
  }
})

test('the pin lets the named packages in and everything else out', () => {
  expect(
    pinOnly('trixie', ['docker.io', 'docker-cli']),
  ).toBe(`# pgha-lab: from trixie come these packages and nothing else.
Package: *
Pin: release n=trixie
Pin-Priority: -1

Package: docker.io docker-cli
Pin: release n=trixie
Pin-Priority: 990
`)
})
