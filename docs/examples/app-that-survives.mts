/** An app with a pool of its own that gets through a failover: it gives up a statement that is not answered, and its connection with it. */
import {setTimeout as pause} from 'node:timers/promises'
import pg from 'pg'

export async function startApp(connectionString: string): Promise<AsyncDisposable> {
  const pool = new pg.Pool({connectionString, max: 4, connectionTimeoutMillis: 2000, query_timeout: 2000})
  pool.on('error', () => {}) // a connection that nobody used has gone: the pool makes another
  await pool.query('CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY, placed_at timestamptz DEFAULT now())')
  let open = true
  const worker = async () => {
    while (open) {
      await pool.query('INSERT INTO orders DEFAULT VALUES').catch(() => {}) // and here it tells its user, and tries again
      await pause(100)
    }
  }
  const working = Promise.all(Array.from({length: 4}, worker))
  return {
    async [Symbol.asyncDispose]() {
      open = false
      await working
      await pool.end()
    },
  }
}
