import {describe, expect, it} from 'vitest'
import {type AgentConfig, decodeAgentLine, firstIds, type Load, refuse} from '../../../../lab/clients/agent/protocol.ts'

describe("the agent's lines", () => {
  it('are what the agent wrote', () => {
    const line = ['o', 'w1', 7, 100, 250, 'ok', 'node1', '00000001', '0/3000060', null, null]
    expect(decodeAgentLine(JSON.stringify(line))).toEqual(line)
    expect(decodeAgentLine('["quiet"]')).toEqual(['quiet'])
  })

  it.each(['', 'hello', '{}', '[]', '["x", 1]', '["pong", 1]', '["o", "w1"]', '["toString"]', '["hi", 1'])(
    '%j is not passed over in silence',
    line => expect(() => decodeAgentLine(line)).toThrow('not in its protocol'),
  )
})

describe("the agent's limits", () => {
  const named = (count: number) => Array.from({length: count}, (_, index) => `w${index + 1}`)
  const load: Load = {
    ...{op: 'write', clients: named(8), perSecond: 200, driver: 'pg'},
    ...{hosts: ['h'], port: 1, findsPrimary: false},
  }
  const config: AgentConfig = {
    groups: [load, {...load, op: 'read', clients: named(4), perSecond: 40}],
    relays: [],
    firstIds: firstIds.node,
    user: 'app',
    password: 'x',
    database: 'app',
    table: 'pgha_writes_1a',
    statementTimeoutMs: 1000,
    connectTimeoutMs: 1000,
    reconnectPauseMs: 20,
    maxMs: 60_000,
  }

  it('let an ordinary run pass', () => expect(refuse(config)).toBeNull())

  it.each([
    ['200 clients', {groups: [load, {...load, clients: named(193)}]}],
    ['2000 operations', {groups: [load, {...load, perSecond: 1801}]}],
    ['maxMs', {maxMs: 3_600_001}],
    ['maxMs', {maxMs: Number.NaN}],
    ['rate', {groups: [{...load, perSecond: 0}]}],
    [
      '2000 operations',
      {groups: [load], relays: [{client: 'x-w1', listenPort: 1, host: 'h', port: 1, perSecond: 1801}]},
    ],
    ['at least one client', {groups: [{...load, clients: []}]}],
    ['not psycopg', {groups: [{...load, op: 'bank', driver: 'psycopg'}]}],
    ['only psycopg finds', {groups: [{...load, hosts: ['a', 'b'], findsPrimary: true}]}],
    ['a pool goes to one host', {groups: [{...load, hosts: ['a', 'b'], driver: 'pg-pool'}]}],
    ['to a host', {groups: [{...load, hosts: []}]}],
    ['name', {table: 'x; drop table y'}],
  ] satisfies [string, Partial<AgentConfig>][])('refuse with: %s', (says, change) =>
    expect(refuse({...config, ...change})).toContain(says),
  )
})
