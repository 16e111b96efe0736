/**
 * Does this warning, come with an answer, take the certainty from it? PostgreSQL reports a commit whose wait for its
 * synchronous standby was called off as success plus WARNING (`SyncRepWaitForLSN` in syncrep.c; 01000 when cancelled,
 * 57P01 when the backend is told to end): it is on this server's disk, and perhaps nowhere else.
 */
export function castsDoubt(sqlstate: string, says: string): boolean {
  return (
    (sqlstate === '01000' || sqlstate === '57P01') && /cancell?ing (the )?wait for synchronous replication/.test(says)
  )
}
