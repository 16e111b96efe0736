/** Whom `http-check expect` chooses: by the body of Patroni's answer, whatever its status is, or by its 503. */
import {expect, test} from 'vitest'
import {roleAsked} from '../../../lab/haproxy/check.ts'
import {proxiesOf} from '../../../lab/haproxy/proxies.ts'
import {readHaproxy} from '../../../lab/haproxy/read.ts'

const chosen = (asked: string, what: string) => {
  const text = `listen w\n  bind *:5000\n  option httpchk ${asked}\n  http-check expect ${what}\n  server a 10.0.0.1:5432 check port 8008\n`
  return roleAsked(proxiesOf(readHaproxy('h', text))[0]?.check)
}
const primary = String.raw`\"role\":\ \"primary\"`

test.each([
  ['GET /patroni', `rstring ${primary}`, 'primary'],
  ['GET /patroni', `string ${primary}`, 'primary'],
  ['GET /patroni', 'rstring role.*(primary|master)', 'primary'],
  ['GET /patroni', String.raw`string \"role\":\ \"replica\"`, 'replicas'],
  ['GET /patroni', `! ${'string'} ${primary}`, 'replicas'],
  ['GET /patroni', String.raw`rstring \"role\":\ \"(primary|standby_leader)\"`, 'leader'],
  ['GET /patroni', String.raw`string \"state\":\ \"running\"`, 'several'],
  // The status, by which /replica would tell the replicas, does not count.
  ['GET /replica', `string ${primary}`, 'primary'],
  // Without blanks, which Patroni prints; nobody's answer has a body here.
  ['GET /patroni', String.raw`string \"role\":\"primary\"`, 'nobody'],
  ['OPTIONS /primary', `string ${primary}`, 'nobody'],
  ['GET /readiness', `string ${primary}`, 'nobody'],
  // What stands there is not known here.
  ['GET /metrics', 'rstring patroni_primary.*1', 'unknown'],
  ['GET /patroni', 'rstring role((', 'unknown'],
])('%s with %s chooses %s', (asked, what, who) => {
  expect(chosen(asked, what)).toBe(who)
})

test.each([
  ['OPTIONS /primary', 'status 503', 'replicas'],
  ['GET /leader', '! status 200', 'replicas'],
  ['GET /replica', 'status 503', 'primary'],
  ['GET /health', 'status 503', 'nobody'],
  ['GET /prmary', 'status 503', 'several'],
  ['GET /primary', 'status 200', 'primary'],
])('%s with %s chooses %s', (asked, what, who) => {
  expect(chosen(asked, what)).toBe(who)
})
