/** Two sides of somebody's cluster that do not get through to each other, which no lab has: said before all else. */
import {describe, expect, test} from 'vitest'
import {importFrom} from '../../../lab/import/import.ts'
import {type Change, changed, type Texts} from '../lint/cluster.ts'

const of = (texts: Texts) => importFrom(Object.entries(texts).map(([file, text]) => ({file, text})))

const etcdInTls: Change = ['e*.env', /http:(\/\/[\d.]+:2379)/g, 'https:$1']
const patroniInTls: Change = ['n*.yml', 'etcd3:\n', 'etcd3:\n  protocol: https\n']

describe('of etcd and Patroni, of which one alone speaks TLS,', () => {
  test.each<[string, Change, RegExp]>([
    ['Patroni', patroniInTls, /^n1\.yml:8:13 and 2 more: your cluster has this mistake, .*cluster\/etcd-tls-mismatch/],
    ['etcd', etcdInTls, /^n1\.yml:7:1 and 2 more: your cluster has this mistake, .*cluster\/etcd-tls-mismatch/],
  ])('as %s does, it is said, and not that the lab has TLS where they have it', (_, change, says) => {
    const {notModelled} = of(changed(change, ['e*.env', /$/, 'ETCD_CERT_FILE=/a.crt\nETCD_CLIENT_CERT_AUTH=true\n']))
    expect(notModelled).toContainEqual(expect.stringMatching(says))
    expect(notModelled.join('\n')).not.toContain('the lab has TLS where yours has it')
  })

  test('nothing is said where both do', () => {
    const {notModelled, topology} = of(changed(patroniInTls, etcdInTls))
    expect(topology.tls).toMatchObject({etcd: true})
    expect(notModelled.join('\n')).not.toContain('etcd-tls-mismatch')
    expect(notModelled).toContainEqual(expect.stringMatching(/the lab has TLS where yours has it/))
  })

  test('that one member alone does is said where no file of etcd is given', () => {
    const {notModelled} = of(changed(['e*.env'], ['n2.yml', 'etcd3:\n', 'etcd3:\n  protocol: https\n']))
    expect(notModelled).toContainEqual(expect.stringMatching(/^n2\.yml:8:13: etcd3\.protocol is not what n1\.yml has/))
  })
})
