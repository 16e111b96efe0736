/** pgbench as a program that is watched on its connections. */
import type {ProgramGroup} from '../history/client-group.ts'
import type {PlainEntryName} from '../topology/entries.ts'

/** In the path of the image, without Debian's wrapper, which looks for a cluster of the machine. */
const pgbench = 'pgbench'

/** Tables of its own, apart from those of a run: made anew each time, so that runs do not pile up. */
const schema = 'pgha_pgbench'
/** pgbench's own number at its smallest scale is 100000: 15 MB that every replica would have to receive first. */
const accounts = 1000
/** Longer than any run. */
const longestSeconds = 3600

/** What `pgbench --builtin=simple-update` does, on fewer accounts (`pgbench.c: builtin_script`). */
const simpleUpdate = `\\set aid random(1, ${accounts})
\\set delta random(-5000, 5000)
BEGIN;
UPDATE ${schema}.pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM ${schema}.pgbench_accounts WHERE aid = :aid;
INSERT INTO ${schema}.pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, :aid, :delta, CURRENT_TIMESTAMP);
END;`

/** A replica makes no tables: reads go to one that is always there. */
const select = `\\set oid random(1, 10000)
SELECT count(*) FROM pg_class WHERE oid < :oid;`

/** As `pgbench -i` makes them, those of them that are used. They are named in full: a pooler takes no search_path of a session. */
const tables = `until psql -qX -v ON_ERROR_STOP=1 <<'SQL'
DROP SCHEMA IF EXISTS ${schema} CASCADE;
CREATE SCHEMA ${schema};
CREATE TABLE ${schema}.pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
CREATE TABLE ${schema}.pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
INSERT INTO ${schema}.pgbench_accounts SELECT id, 1, 0, '' FROM generate_series(1, ${accounts}) AS id;
SQL
do sleep 0.2; done`

/**
 * The group of a scenario's `pgbench: clients`: `simple-update` through the primary port, a SELECT through the replicas'. It
 * retries what PostgreSQL asks to be retried (`--max-tries`: serialization failures and deadlocks, nothing else), ends when a
 * connection is lost, and is started again then, as people run it.
 */
export function pgbenchGroup(clients: number, perSecond: number, through: PlainEntryName): ProgramGroup {
  const [script, before] = through === 'primary' ? [simpleUpdate, tables] : [select, ':']
  const run = `${pgbench} -n -c ${clients} -R ${perSecond} -T ${longestSeconds} --max-tries=10 --exit-on-abort -f /dev/fd/3`
  return {
    kind: 'program',
    name: 'pgbench',
    image: null,
    command: ['sh', '-c', `${before}\nwhile :; do ${run} 3<<'SQL'\n${script}\nSQL\nsleep 0.1; done`],
    environment: {PGCONNECT_TIMEOUT: '3'},
    perSecond,
    through,
  }
}
