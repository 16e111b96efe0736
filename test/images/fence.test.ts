/** What a host tells its kernel about its ports, heard by an `nft` that only writes it down. test/live/web-page.test.ts asks the kernel. */
import {execFileSync} from 'node:child_process'
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

const fence = join(import.meta.dirname, '../../images/host/bin/fence')
const lab = {LAB_NETWORK: '10.213.7.0/24', LAB_GATEWAY: '10.213.7.1'}
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-lab-fence-'))
  writeFileSync(join(folder, 'nft'), `#!/bin/sh\ncat > ${folder}/rules\n`)
  chmodSync(join(folder, 'nft'), 0o755)
})
afterEach(() => rmSync(folder, {recursive: true}))

/** The rules, one a line and in their order; null when nothing was told. */
function rules(env: Record<string, string>): string[] | null {
  execFileSync(fence, {env: {PATH: `${folder}:${process.env.PATH}`, ...env}})
  if (!existsSync(join(folder, 'rules'))) return null
  const lines = readFileSync(join(folder, 'rules'), 'utf8').split('\n')
  return lines.map(line => line.trim()).filter(line => line !== '')
}

const closed = [
  'table inet lab_fence {',
  'chain input {',
  'type filter hook input priority filter - 10; policy accept;',
  'iifname "lo" accept',
  'ip saddr 10.213.7.0/24 ip saddr != 10.213.7.1 accept',
  'tcp flags & (fin | syn | rst | ack) == syn reject with tcp reset',
  '}',
  '}',
]

test('every port is closed to all but the lab, not a list of ports', () => {
  expect(rules(lab)).toEqual(closed)
})

test('what is published stays open, and nothing else', () => {
  expect(rules({...lab, LAB_PUBLISHED: '5432'})).toEqual(closed.toSpliced(5, 0, 'tcp dport { 5432 } accept'))
  expect(rules({...lab, LAB_PUBLISHED: '5000 5001 7000'})).toEqual(
    closed.toSpliced(5, 0, 'tcp dport { 5000, 5001, 7000 } accept'),
  )
})

test('a kernel without nftables is said, and the host goes on', () => {
  writeFileSync(join(folder, 'nft'), '#!/bin/sh\ncat > /dev/null\nexit 1\n')
  expect(rules(lab)).toBeNull()
})

test.each(['images/host/bin/power-on', 'images/app/Dockerfile'])('%s closes the fence before anything starts', file => {
  const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
  expect(text).toMatch(/^fence$|\\nfence\\nexec/m)
})
