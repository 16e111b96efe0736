/** A server that goes down under a question is the lab's affair: whoever asked is told in words, and nothing of it is called a bug. */
import {afterEach, beforeEach, expect, test} from 'vitest'
import {asking} from '../../../lab/clients/table.ts'
import {LabError} from '../../../lab/words/errors.ts'
import {type FakePostgres, fakePostgres} from './fake-postgres.ts'

let postgres: FakePostgres
beforeEach(async () => {
  postgres = await fakePostgres()
})
afterEach(() => {
  postgres.hangUp()
  postgres.server.close()
})

const asked = () =>
  asking('mine', {host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'app'}, client =>
    client.query('SELECT $1::int', [1]),
  )

test.each([
  [{do: 'hang-up'}, 'Connection terminated unexpectedly'],
  [{do: 'error', severity: 'FATAL', code: '57P01'}, ''],
] as const)('that %o is told with the port and what was said', async (answer, says) => {
  postgres.answer = answer
  const error = await asked().catch((error: unknown) => error)
  expect(error).toBeInstanceOf(LabError)
  expect(error).toMatchObject({
    code: 'not-ready',
    message: expect.stringContaining(`PostgreSQL at port ${postgres.port} said: ${says}`),
  })
})

test('what comes of the question is given back', async () => {
  expect((await asked()).rows).toHaveLength(1)
})
