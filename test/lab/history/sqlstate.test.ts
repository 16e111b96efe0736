import {describe, expect, it} from 'vitest'
import {castsDoubt} from '../../../lab/history/doubtful-commit.ts'
import {codeOf, outcomeOf, ownCodes, ruling, rulings} from '../../../lab/history/sqlstate.ts'

describe('the table of errors', () => {
  it.each(['25006', '22003', '23505', '42P01', '40001', '53100', '57P03', '53300', '28P01', '3D000', 'not-sent'])(
    '%s in answer to a statement means that it did not happen',
    code => expect(ruling(code, true).outcome).toBe('fail'),
  )

  it.each([
    '57P01',
    '57P02',
    '57014',
    '08006',
    'XX000',
    '58030',
    'ECONNRESET',
    'EPIPE',
    'timeout',
    'closed',
    'ETIMEDOUT',
  ])('%s in answer to a statement leaves open whether it happened', code =>
    expect(ruling(code, true).outcome).toBe('unknown'),
  )

  it.each(['99999', '25P02', 'EWHATEVER', 'other', '', null])('%s is not listed, so it is unknown', code => {
    expect(ruling(code, true)).toMatchObject({outcome: 'unknown', because: expect.stringContaining('not in the table')})
  })

  it('an errno never borrows the ruling of a class of SQLSTATEs', () => {
    // 'EPIPE' has the shape of a SQLSTATE; '22' is a class of them.
    expect(ruling('22ABCDEF', true).outcome).toBe('unknown')
    expect(ruling('ECONNREFUSED', true).outcome).toBe('unknown')
    expect(ruling('constructor', true).outcome).toBe('unknown')
  })

  it('whatever breaks before the statement is sent is a fail', () => {
    for (const code of [...Object.keys(rulings), 'anything', null]) expect(ruling(code, false).outcome).toBe('fail')
  })

  it('no ruling is ok, and each says why', () => {
    for (const one of Object.values(rulings)) {
      expect(['fail', 'unknown']).toContain(one.outcome)
      expect(one.because.length).toBeGreaterThan(20)
    }
  })
})

describe('an attempt whose agent rules nothing', () => {
  it.each([
    [null, null, null, 'ok'],
    [null, null, '01000', 'unknown'],
    ['25006', 'read-only', null, 'fail'],
    ['closed', 'gone', null, 'unknown'],
    ['read-only', 'session is read-only', null, 'unknown'],
  ] as const)('code %s, error %s, doubt %s: %s', (code, error, doubt, outcome) =>
    expect(outcomeOf(code, error, doubt)).toBe(outcome),
  )
})

it.each([
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'Query read timeout',
])('%s is a time-out', says => expect(codeOf(new Error(says))).toBe(ownCodes.timeout))

describe('warnings', () => {
  it('a cancelled wait for the synchronous standby takes the certainty from an acknowledged write', () => {
    expect(castsDoubt('01000', 'canceling wait for synchronous replication due to user request')).toBe(true)
    expect(
      castsDoubt(
        '57P01',
        'canceling the wait for synchronous replication and terminating connection due to administrator command',
      ),
    ).toBe(true)
  })

  it('other warnings do not', () => {
    expect(castsDoubt('01000', 'there is no transaction in progress')).toBe(false)
    expect(castsDoubt('25P01', 'canceling wait for synchronous replication')).toBe(false)
  })
})

describe('the code of a driver error', () => {
  it('is its SQLSTATE or errno', () => {
    expect(codeOf(Object.assign(new Error('read ECONNRESET'), {code: 'ECONNRESET'}))).toBe('ECONNRESET')
    expect(codeOf(Object.assign(new Error('cannot execute INSERT'), {code: '25006'}))).toBe('25006')
  })

  it('is one of ours where the driver has none', () => {
    expect(codeOf(new Error('Connection terminated unexpectedly'))).toBe(ownCodes.closed)
    expect(codeOf(new Error('timeout expired'))).toBe(ownCodes.timeout)
    expect(codeOf(new Error('Client has encountered a connection error and is not queryable'))).toBe(ownCodes.notSent)
    expect(codeOf(new Error('something new'))).toBe(ownCodes.other)
    expect(codeOf({})).toBe(ownCodes.other)
  })
})
