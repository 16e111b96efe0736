/** What is told of a conversation between a program and its server, message by message. */
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {Cutter, type Message, openingOf, parametersOf, query, Reader} from '../../../lab/clients/agent/pg-wire.ts'
import {Transactions, wantedFromClient, wantedFromServer} from '../../../lab/clients/agent/transactions.ts'
import {
  bind,
  closeStatement,
  command,
  copyData,
  copyDone,
  copyIn,
  copyOut,
  errorOf,
  execute,
  message,
  noticeOf,
  parse,
  ready,
  startup,
  sync,
  terminate,
} from './pg-messages.ts'

/** Who sends it, and what. */
type Said = readonly ['asks' | 'answers', Buffer]

const asks = (...bytes: Buffer[]): Said => ['asks', Buffer.concat(bytes)]
const answers = (...bytes: Buffer[]): Said => ['answers', Buffer.concat(bytes)]

/** What is told, shortly: op, outcome and code; `sentAt` as the number of the piece in which the first request ended. */
function told(conversation: readonly Said[], end?: {code: string}): string[] {
  const lines: string[] = []
  const session = new Transactions(
    ({op, outcome, code, sentAt, at}) => lines.push([op, outcome, code, `${sentAt}-${at}`].filter(Boolean).join(' ')),
    'write',
  )
  const [client, server] = [new Reader(wantedFromClient), new Reader(wantedFromServer)]
  for (const [index, [who, bytes]] of conversation.entries())
    if (who === 'asks') for (const one of client.read(bytes)) session.asked(one, index)
    else for (const one of server.read(bytes)) session.answered(one, index)
  if (end !== undefined) {
    const why = session.lost({code: end.code, error: 'gone'}, conversation.length)
    if (!session.terminated) lines.push(`lost ${why.code}`)
  }
  return lines
}

const block = [asks(query('BEGIN')), answers(command('BEGIN'), ready('T'))]
const update = [asks(query('UPDATE a SET b = 1')), answers(command('UPDATE 1'), ready('T'))]
const reset = {code: 'ECONNRESET'}

describe('a transaction', () => {
  it('of one statement is over when the session is idle again', () => {
    expect(told([asks(query('SELECT 1')), answers(command('SELECT 1'), ready('I'))])).toEqual(['read ok 0-1'])
    expect(told([asks(query('INSERT INTO a VALUES (1)')), answers(command('INSERT 0 1'), ready('I'))])).toEqual([
      'write ok 0-1',
    ])
  })

  it('of a block goes from BEGIN to the answer to its COMMIT, whatever that is called', () => {
    for (const end of ['COMMIT', 'END;', 'commit'])
      expect(told([...block, ...update, asks(query(end)), answers(command('COMMIT'), ready('I'))])).toEqual([
        'write ok 0-5',
      ])
  })

  it('is told for each of a chain of them', () => {
    const chained = [asks(query('COMMIT AND CHAIN')), answers(command('COMMIT'), ready('T'))]
    const last = [asks(query('SELECT 1')), answers(command('SELECT 1'), ready('T'))]
    const end = [asks(query('COMMIT')), answers(command('COMMIT'), ready('I'))]
    expect(told([...block, ...update, ...chained, ...last, ...end])).toEqual(['write ok 0-5', 'read ok 5-9'])
  })

  it('that the program itself rolled back is none', () => {
    for (const end of ['ROLLBACK', 'abort work;', 'SELECT 2; ROLLBACK'])
      expect(told([...block, ...update, asks(query(end)), answers(command('ROLLBACK'), ready('I'))])).toEqual([])
  })

  it('is none when nothing was executed', () => {
    expect(told([asks(query('')), answers(message('I'), ready('I'))])).toEqual([])
    expect(told([asks(parse('s', 'SELECT 1'), sync), answers(message('1'), ready('I'))])).toEqual([])
    expect(told([asks(sync), answers(ready('I'))])).toEqual([])
  })

  it('with the warning that no standby may have it is unknown', () => {
    const warning = noticeOf('01000', 'canceling wait for synchronous replication due to user request')
    expect(
      told([asks(query('INSERT INTO a VALUES (1)')), answers(warning, command('INSERT 0 1'), ready('I'))]),
    ).toEqual(['write unknown 01000 0-1'])
    expect(told([asks(query('SELECT 1')), answers(noticeOf('01000', 'hm'), command('SELECT 1'), ready('I'))])).toEqual([
      'read ok 0-1',
    ])
  })
})

describe('an error', () => {
  it('is ruled on by its code, as for the clients of our own', () => {
    const failing = (code: string) =>
      told([asks(query('UPDATE a SET b = 1')), answers(errorOf('ERROR', code), ready('I'))])
    expect(failing('25006')).toEqual(['write fail 25006 0-1'])
    expect(failing('57014')).toEqual(['write unknown 57014 0-1'])
  })

  it('in a block makes its COMMIT a ROLLBACK, which is a fail', () => {
    const failed = [asks(query('UPDATE a SET b = 0')), answers(errorOf('ERROR', '57014'), ready('E'))]
    for (const end of ['COMMIT', 'ROLLBACK'])
      expect(told([...block, ...failed, asks(query(end)), answers(command('ROLLBACK'), ready('I'))])).toEqual([
        'write fail 57014 0-5',
      ])
  })

  it('that was rolled back to a savepoint does not spoil the rest', () => {
    const failed = [asks(query('UPDATE a SET b = 0')), answers(errorOf('ERROR', '23505'), ready('E'))]
    const back = [asks(query('ROLLBACK TO s')), answers(command('ROLLBACK'), ready('T'))]
    const end = [asks(query('COMMIT')), answers(command('COMMIT'), ready('I'))]
    expect(told([...block, ...update, ...failed, ...back, ...end])).toEqual(['write ok 0-9'])
  })

  it('after a COMMIT in the same text takes that not back', () => {
    expect(
      told([
        asks(query('BEGIN; UPDATE a SET b = 1; COMMIT; SELECT 1/0')),
        answers(command('BEGIN'), command('UPDATE 1'), command('COMMIT'), errorOf('ERROR', '22012'), ready('I')),
      ]),
    ).toEqual(['write unknown 22012 0-1'])
  })

  it('at the end of a procedure, which may have committed before, is unknown', () => {
    expect(told([asks(query('CALL work()')), answers(errorOf('ERROR', '22012'), ready('I'))])).toEqual([
      'write unknown 22012 0-1',
    ])
  })
})

describe('a lost connection', () => {
  it.each([
    ['nothing was asked', [], ['lost ECONNRESET']],
    [
      'all was answered',
      [asks(query('SELECT 1')), answers(command('SELECT 1'), ready('I'))],
      ['read ok 0-1', 'lost ECONNRESET'],
    ],
    [
      'a statement that commits by itself waits',
      [asks(query('INSERT INTO a VALUES (1)'))],
      ['write unknown ECONNRESET 0-1', 'lost ECONNRESET'],
    ],
    ['a SELECT waits', [asks(query('SELECT 1'))], ['read unknown ECONNRESET 0-1', 'lost ECONNRESET']],
    ['a block was begun', [asks(query('BEGIN'))], ['write fail ECONNRESET 0-1', 'lost ECONNRESET']],
    ['a block is idle', [...block, ...update], ['write fail ECONNRESET 0-4', 'lost ECONNRESET']],
    ['a statement of a block waits', [...block, update[0]!], ['write fail ECONNRESET 0-3', 'lost ECONNRESET']],
    [
      'its COMMIT waits',
      [...block, ...update, asks(query('END'))],
      ['write unknown ECONNRESET 0-5', 'lost ECONNRESET'],
    ],
    ['its ROLLBACK waits', [...block, ...update, asks(query('ROLLBACK'))], ['lost ECONNRESET']],
    [
      'a COMMIT is pipelined behind',
      [asks(query('BEGIN'), query('UPDATE a SET b = 1'), query('COMMIT'))],
      ['write unknown ECONNRESET 0-1', 'lost ECONNRESET'],
    ],
    ['half a request had gone', [asks(query('INSERT INTO a VALUES (1)').subarray(0, 20))], ['lost ECONNRESET']],
  ] as const)('when %s', (_, conversation, lines) => {
    expect(told(conversation, reset)).toEqual(lines)
  })

  it('hides no COMMIT in a comment or a text', () => {
    for (const end of ["SELECT '--'; COMMIT", '/* x */ COMMIT', '-- /*\nCOMMIT; /* */', "SELECT ';COMMIT'"])
      expect(told([...block, ...update, asks(query(end))], reset)[0], end).toMatch(/unknown/)
    expect(told([asks(query('BEGIN -- /*\n; INSERT INTO a VALUES (1); COMMIT; /* */'))], reset)[0]).toMatch(/unknown/)
  })

  it('after the last words of the server has their code', () => {
    const goodbye = answers(errorOf('FATAL', '57P01'))
    expect(told([goodbye], {code: 'closed'})).toEqual(['lost 57P01'])
    expect(told([asks(query('DELETE FROM a')), goodbye], {code: 'closed'})).toEqual([
      'write unknown 57P01 0-2',
      'lost 57P01',
    ])
  })

  it('that the program ended in good order is none', () => {
    expect(told([...block, ...update, asks(terminate)], {code: 'closed'})).toEqual([])
    expect(told([asks(query('DELETE FROM a')), asks(terminate)], {code: 'closed'})).toEqual([
      'write unknown closed 0-2',
    ])
  })
})

describe('the extended protocol', () => {
  const insert = asks(parse('', 'INSERT INTO a VALUES ($1)'), bind('', ''), execute(''), sync)

  it('makes a transaction of what is up to Sync', () => {
    expect(told([insert, answers(message('1'), message('2'), command('INSERT 0 1'), ready('I'))])).toEqual([
      'write ok 0-1',
    ])
  })

  it('knows a prepared statement by its name, until it is closed', () => {
    const prepared = [asks(parse('b', 'BEGIN'), sync), answers(message('1'), ready('I'))]
    const begin = asks(bind('', 'b'), execute(''), sync)
    expect(told([...prepared, begin], reset)).toEqual(['write fail ECONNRESET 2-3', 'lost ECONNRESET'])
    const closed = [asks(closeStatement('b'), sync), answers(message('3'), ready('I'))]
    expect(told([...prepared, ...closed, begin], reset)[0]).toMatch(/unknown/)
  })

  it('answers pipelined transactions one after the other', () => {
    const answer = [message('2'), command('INSERT 0 1'), ready('I')]
    expect(told([insert, insert, answers(...answer), answers(...answer), insert], reset)).toEqual([
      'write ok 0-2',
      'write ok 1-3',
      'write unknown ECONNRESET 4-5',
      'lost ECONNRESET',
    ])
  })

  it('gives up all up to Sync after an error', () => {
    expect(
      told([
        asks(parse('', 'bad'), bind('', ''), execute(''), sync),
        answers(errorOf('ERROR', '42601'), ready('I')),
        insert,
        answers(message('1'), message('2'), command('INSERT 0 1'), ready('I')),
      ]),
    ).toEqual(['write fail 42601 0-1', 'write ok 2-3'])
  })
})

describe('COPY', () => {
  it('into a table is a write, out of it a read', () => {
    const into = [asks(query('COPY a FROM STDIN')), answers(copyIn), asks(copyData, copyData, copyDone)]
    expect(told([...into, answers(command('COPY 2'), ready('I'))])).toEqual(['write ok 0-3'])
    const out = answers(copyOut, copyData, copyDone, command('COPY 1'), ready('I'))
    expect(told([asks(query('COPY a TO STDOUT')), out])).toEqual(['read ok 0-1'])
  })

  it('with the extended protocol does not count the Sync that the server passes over', () => {
    const into = [
      asks(parse('', 'COPY a FROM STDIN'), bind('', ''), execute(''), sync),
      answers(message('1'), message('2'), copyIn),
    ]
    const data = asks(copyData, copyDone, sync)
    const next = [asks(query('SELECT 1')), answers(command('SELECT 1'), ready('I'))]
    expect(told([...into, data, answers(command('COPY 1'), ready('I')), ...next])).toEqual([
      'write ok 0-3',
      'read ok 4-5',
    ])
  })

  it('that fails leaves the session in step', () => {
    const into = [asks(query('COPY a FROM STDIN')), answers(copyIn), asks(copyData)]
    const failed = answers(errorOf('ERROR', '22P04'), ready('I'))
    const next = [asks(copyDone, query('SELECT 1')), answers(command('SELECT 1'), ready('I'))]
    expect(told([...into, failed, ...next])).toEqual(['write fail 22P04 0-3', 'read ok 4-5'])
  })
})

describe('the bytes', () => {
  const conversation = Buffer.concat([
    parse('s', 'INSERT INTO a VALUES ($1)'),
    bind('', 's'),
    execute(''),
    sync,
    query(`SELECT '${'x'.repeat(70_000)}'`),
    copyData,
    query('COMMIT'),
    terminate,
  ])
  const read = (pieces: readonly Buffer[]) => {
    const reader = new Reader(wantedFromClient)
    return pieces.flatMap(piece => [...reader.read(piece)].map(plain))
  }
  const plain = ({type, body, whole}: Message) => [type, body.toString('latin1'), whole]

  it('make the same messages wherever they are cut (500 ways)', () => {
    const whole = read([conversation])
    expect(whole.map(([type]) => type).join('')).toBe('PBESQdQX')
    expect(whole.map(one => one[2])).toEqual([true, true, true, false, false, false, true, false])
    const cuts = fc.array(fc.nat(conversation.length), {maxLength: 40})
    fc.assert(
      fc.property(cuts, at => {
        expect(read(cutAt(conversation, at))).toEqual(whole)
      }),
      {numRuns: 500},
    )
    expect(read(Array.from(conversation, byte => Buffer.from([byte])))).toEqual(whole)
  })

  it('of the beginning come out as they went in', () => {
    const first = Buffer.concat([startup({user: 'app', database: 'app'}), message('p', Buffer.from('secret\0'))])
    fc.assert(
      fc.property(fc.array(fc.nat(first.length), {maxLength: 8}), at => {
        const cutter = new Cutter()
        const out: Buffer[] = []
        for (const piece of cutAt(first, at)) {
          cutter.push(piece)
          for (let next = cutter.next(out.length > 0); next !== undefined; next = cutter.next(out.length > 0))
            out.push(next.bytes)
        }
        expect(Buffer.concat(out).equals(first)).toBe(true)
        expect(out.length).toBe(2)
      }),
    )
  })

  it('that are no message of the protocol are said to be none', () => {
    const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
    const cutter = new Cutter()
    cutter.push(hello)
    expect(() => cutter.next(false)).toThrow(/a message of/)
    expect(() => [...new Reader('').read(Buffer.from('GET / HTTP/1.1'))]).toThrow(/a message of/)
  })

  it('of a StartupMessage tell what it wants', () => {
    const body = startup({user: 'app', replication: 'true'}).subarray(4)
    expect(openingOf(body)).toBe('startup')
    expect([...parametersOf(body)]).toEqual([
      ['user', 'app'],
      ['replication', 'true'],
    ])
  })
})

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.toSorted((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}
