import {describe, expect, it} from 'vitest'
import {type AgentConfig, decodeAgentLine, refuse} from '../../../lab/clients/protocol.ts'

describe("the agent's lines", () => {
  it('are what the agent wrote', () => {
    const line = ['o', 'w1', 7, 100, 250, 'ok', '10.0.0.1', '00000001', '0/3000060', null, null]
    expect(decodeAgentLine(JSON.stringify(line))).toEqual(line)
    expect(decodeAgentLine('["quiet"]')).toEqual(['quiet'])
  })

  it.each(['', 'hello', '{}', '[]', '["x", 1]', '["pong", 1]', '["o", "w1"]', '["toString"]', '["hi", 1'])(
    '%j is not passed over in silence',
    line => expect(() => decodeAgentLine(line)).toThrow('not in its protocol'),
  )
})

describe("the agent's limits", () => {
  const load = {op: 'write', clients: 8, perSecond: 200, host: 'h', port: 1, direct: false} as const
  const config: AgentConfig = {
    groups: [load, {...load, op: 'read', clients: 4, perSecond: 40}],
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
    ['200 clients', {groups: [load, {...load, clients: 193}]}],
    ['2000 operations', {groups: [load, {...load, perSecond: 1801}]}],
    ['maxMs', {maxMs: 3_600_001}],
    ['maxMs', {maxMs: Number.NaN}],
    ['rate', {groups: [{...load, perSecond: 0}]}],
    ['whole number', {groups: [{...load, clients: 0}]}],
    ['name', {table: 'x; drop table y'}],
  ])('refuse more than %s', (says, change) => expect(refuse({...config, ...change})).toContain(says))
})
