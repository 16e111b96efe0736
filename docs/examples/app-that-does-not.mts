/** The same app without limits, which is what node-postgres does when nobody says otherwise: its pool never lets go of a dead server. */
import {setTimeout as pause} from 'node:timers/promises'
import pg from 'pg'

export async function startApp(connectionString: string): Promise<AsyncDisposable> {
  const pool = new pg.Pool({connectionString, max: 4})
  pool.on('error', () => {})
  await pool.query('CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY, placed_at timestamptz DEFAULT now())')
  let open = true
  const worker = async () => {
    while (open) {
      await pool.query('INSERT INTO orders DEFAULT VALUES').catch(() => {}) // never an error: nothing ever comes back
      await pause(100)
    }
  }
  for (let count = 0; count < 4; count++) void worker()
  return {
    async [Symbol.asyncDispose]() {
      open = false // and no more: `pool.end()` would wait for the connections that nobody answers
    },
  }
}
