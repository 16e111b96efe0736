/** Misspelt words of HAProxy and keepalived, with the one that was meant; and right files of many shapes, which have none. */
import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {balances} from '../../../lab/topology/kept.ts'
import {importable} from '../import/shapes.ts'
import {changed, found, right, type Texts} from './cluster.ts'
import {guides} from './guides.ts'

const slips = (texts: Texts) => found(texts).filter(({rule}) => rule.id.endsWith('/unknown-word'))
const meant = (texts: Texts) => slips(texts).map(({says}) => /did you mean `(.*)`\?$/.exec(says)?.[1])

test.each([
  ['timeout client', 'timout client', 'timeout'],
  ['timeout server', 'timeout sever', 'timeout server'],
  ['option httpchk', 'optoin httpchk', 'option'],
  ['option httpchk', 'option htpchk', 'option httpchk'],
  ['http-check expect', 'http-check expct', 'http-check expect'],
  ['fall 3', 'fal 3', 'server fall'],
  ['shutdown-sessions', 'shutdown-session', 'on-marked-down shutdown-sessions'],
  ['on-marked-down', 'on-marked-dwn', 'server on-marked-down'],
  ['check port', 'chekc port', 'server check'],
  ['port 8008', 'prot 8008', 'server port'],
  ['listen write', 'lisen write', 'listen'],
  ['  maxconn', '  maxcon', 'maxconn'],
  ['mode tcp', 'mode tpc', 'mode tcp'],
])('for `%s` with a slip of the fingers, `%s`, is told what is meant', (right, wrong, told) => {
  expect(meant(changed(['haproxy.cfg', right, wrong]))).toContain(told)
})

test.each([
  ['priority', 'priorty'],
  ['interface', 'interfce'],
  ['track_script {', 'track_scirpt {'],
  ['vrrp_instance', 'vrrp_instnce'],
  ['weight', 'wieght'],
])('keepalived: for `%s` as well', (right, wrong) => {
  expect(meant(changed(['k1.conf', right, wrong]))).toEqual([right.replace(' {', '')])
})

describe('right files have none:', () => {
  test('the cluster that is right', () => expect(slips(right)).toEqual([]))
  test.each(Object.entries(guides))('%s', (_, {texts}) => expect(slips(texts)).toEqual([]))
  test.each(Object.entries(importable))('%s', (_, texts) => expect(slips(texts)).toEqual([]))
  const configs = join(import.meta.dirname, '..', '..', 'cases', 'configs')
  test.each(globSync('*/*{haproxy,keepalived}*.{cfg,conf}', {cwd: configs}))('%s', file => {
    expect(slips({[file]: readFileSync(join(configs, file), 'utf8')})).toEqual([])
  })
  test.each(balances)('balance %s', balance => {
    expect(slips(changed(['haproxy.cfg', 'mode tcp', `mode tcp\n  balance ${balance}`]))).toEqual([])
  })
})
