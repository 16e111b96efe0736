/** Of a check's question the lab has what Patroni answers, and not a word of anybody's own. */
import {expect, test} from 'vitest'
import {answering} from '../../../lab/haproxy/check.ts'
import {askedInLab} from '../../../lab/import/check-path.ts'
import {importFrom} from '../../../lab/import/import.ts'
import {changed, type Texts} from '../lint/cluster.ts'

const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))

test.each<readonly [string, string, string | undefined, boolean]>([
  ['OPTIONS', '/primary', '/primary', true],
  ['GET', '/replica?lag=16MB&tag_clonefrom=true&replication_state=streaming', undefined, true],
  ['OPTIONS', 'http://10.1.1.1/replica?lag=1048576', '/replica?lag=1048576', true],
  ['OPTIONS', '/primary?token=SecretTok99', '/primary', false],
  ['OPTIONS', '/replica?tag_site=herons&lag=1MB', '/replica?lag=1MB', false],
  ['OPTIONS', '/replica?tag_nofailover=herons', '/replica', false],
  ['OPTIONS', '/heron-standby-leader', '/leader', false],
  ['GET', '/heron/primary', '/primary', false],
  ['OPTIONS', '/SecretTok99', '/nobody', false],
  // Answered by every member where it is asked with GET, and by none where the lab asks it.
  ['GET', '/patroni', '/health', false],
])('%s %s', (method, path, asked = path, isWhole) => {
  const found = askedInLab({method, path})
  expect(found).toEqual({path: asked, isWhole})
  expect(answering({method: 'OPTIONS', path: found.path})).toBe(answering({method, path}))
})

test('a token behind the path of a check is in no file of the lab, and that it is gone is told', () => {
  const {text, originals, changes, topology} = of(
    changed(['haproxy.cfg', 'OPTIONS /primary', 'OPTIONS /primary?token=SecretTok99']),
  )
  expect([text, ...originals.values(), JSON.stringify(topology)].join('\n')).not.toMatch(/token=|SecretTok99/)
  expect(changes.filter(({what}) => what === 'option httpchk').map(({how}) => how)).toEqual(['kept otherwise'])
})

test('a path that no member ever says yes to stays one', () => {
  const {topology} = of(changed(['haproxy.cfg', 'OPTIONS /primary', 'OPTIONS /heronry']))
  expect(topology.haproxy.checkPrimary).toBe('/nobody')
})

test('what a check sends and expects is taken out of the originals, and its own words stay', () => {
  const {originals} = of(
    changed([
      'haproxy.cfg',
      '  http-check expect status 200\n',
      '  http-check expect status 200\n  http-check send meth OPTIONS uri /primary?pin=4711&lag=1MB hdr X-Pin 4712\n  http-check expect rstring 4713\n',
    ]),
  )
  const [, proxy = ''] = [...originals].find(([name]) => name.endsWith('haproxy.txt')) ?? []
  expect(proxy).not.toMatch(/471\d/)
  expect(proxy).toContain('http-check send meth OPTIONS uri /primary?lag=1MB REDACTED')
})
