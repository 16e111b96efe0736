import {readFileSync} from 'node:fs'
import {Ajv} from 'ajv'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {checks} from '../../../lab/checks/index.ts'
import {faults} from '../../../lab/faults/index.ts'
import {scenarioFile, scenarioNames} from '../../../lab/scenario/index.ts'
import {scenarioSchema} from '../../../lab/scenario/json-schema.ts'
import {about, clients, complaint, expectations, steps} from './complaint.ts'

const schema = scenarioSchema()
const validate = new Ajv({strict: false}).compile(schema)
const isValid = (text: string) => validate(parse(text))

describe('the JSON Schema of scenarios', () => {
  test.each(scenarioNames())('accepts %s', name => {
    expect(isValid(readFileSync(scenarioFile(name), 'utf8'))).toBe(true)
  })

  test('knows every fault and every check, each with its sentence', () => {
    const text = JSON.stringify(schema)
    for (const [name, {about}] of [...Object.entries(faults), ...Object.entries(checks)]) {
      expect(text).toContain(JSON.stringify(name))
      expect(text).toContain(JSON.stringify(about))
    }
  })

  test.each([
    '{writers: 2, rate: 50/s, through: primary, driver: pg-pool}',
    '{writers: 2, rate: 50/s, through: members, driver: psycopg}',
    '{readers: 2, rate: 50/s, to: replica, driver: psycopg}',
    '{pgbench: 4, rate: 50/s, through: primary}',
    '{client: {image: a/b, command: [x], environment: {A: b}, name: mine}, through: primary}',
    '{client: {image: a/b}, rate: 5/s, through: replicas}',
  ])('accepts the clients %s, as the parser does', group => {
    const text = `${about}clients: [{writers: 1, rate: 5/s, through: primary}, ${group}]\n${steps}${expectations}`
    expect(complaint(text)).toBe('no complaint')
    expect(isValid(text)).toBe(true)
  })

  test('knows faults at one moment', () => {
    const pair =
      'steps: [{inject: kill, what: host, on: leader}, {inject: pause, what: etcd, on: node2, together: true}]\n'
    expect(isValid(`${about}${clients}${pair}${expectations}`)).toBe(true)
    expect(isValid(`${about}${clients}${pair.replace('together: true', 'together: 1')}${expectations}`)).toBe(false)
  })

  test.each([
    ['pg to all members', `${about}clients: [{writers: 2, rate: 50/s, through: members}]\n${steps}${expectations}`],
    [
      'an unknown driver',
      `${about}clients: [{writers: 2, rate: 50/s, through: primary, driver: jdbc}]\n${steps}${expectations}`,
    ],
    ['pgbench without a way', `${about}clients: [{pgbench: 2, rate: 50/s}]\n${steps}${expectations}`],
    ['a client without an image', `${about}clients: [{client: {name: x}, through: primary}]\n${steps}${expectations}`],
    ['an unknown key', `${about}stpes: []\n${clients}${steps}${expectations}`],
    ['an unknown fault', `${about + clients}steps: [{inject: kil, what: host, on: leader}]\n${expectations}`],
    ['an unknown check', `${about + clients + steps}expect: [failovr]\n`],
    ["a fault's wrong parameter", `${about + clients}steps: [{inject: kill, what: hots, on: leader}]\n${expectations}`],
    [
      "a fault's unknown parameter",
      `${about + clients}steps: [{inject: kill, waht: host, on: leader}]\n${expectations}`,
    ],
    ['a fault on nobody', `${about + clients}steps: [{inject: kill, what: host}]\n${expectations}`],
    ["a check's unknown parameter", `${about + clients + steps}expect: [{failover: {wihtin: 10s}}]\n`],
    ['a number without its unit', `${about + clients}steps: [{hold: 2}]\n${expectations}`],
    ['a wrong unit', `${about}needs: {patroni: {ttl: 30MB}}\n${clients}${steps}${expectations}`],
    ['an unknown setting', `${about}needs: {patroni: {tll: 30s}}\n${clients}${steps}${expectations}`],
    ['writers to replicas', `${about}clients: [{writers: 2, rate: 50/s, through: replicas}]\n${steps}${expectations}`],
    ['clients that go nowhere', `${about}clients: [{writers: 2, rate: 50/s}]\n${steps}${expectations}`],
    ['no expectations', `${about + clients + steps}expect: []\n`],
    ['until without within', `${about + clients}steps: [{until: rejoined}]\n${expectations}`],
  ])('refuses %s, as the parser does', (_, text) => {
    expect(complaint(text)).toMatch(/^2 mine\.yaml/)
    expect(isValid(text)).toBe(false)
  })
})
