/** The words and signs of the screens, for the `?` page and docs/watch.md. */
import type {Signs} from './look.ts'

export interface Explained {
  /** A sign by its name in `Signs`, or a word as it stands on the screen. */
  readonly sign?: keyof Signs
  readonly word?: string
  readonly means: string
}

export const signsExplained: readonly Explained[] = [
  {sign: 'leader', means: 'takes writes'},
  {sign: 'replica', means: 'replica, or a member of etcd that answers'},
  {sign: 'stopped', means: 'stopped, or failed'},
  {sign: 'paused', means: 'frozen: its processes stand still'},
  {sign: 'done', means: 'done, or a moment that has come'},
  {sign: 'skipped', means: 'a moment that nobody saw'},
  {sign: 'pending', means: 'a member that starts, or a step or moment that is yet to come'},
  {sign: 'unknown', means: 'no answer'},
  {sign: 'up', means: 'HAProxy sends clients there'},
  {sign: 'down', means: 'HAProxy does not: its check fails'},
  {sign: 'gap', means: 'in a graph: a second without one answer; blank: nobody asked'},
]

export const wordsExplained: readonly Explained[] = [
  {word: 'TL', means: 'timeline of PostgreSQL: each promotion begins a new one'},
  {word: 'lag', means: 'bytes of WAL that a replica has not replayed yet'},
  {word: 'key', means: 'holds the leader key in etcd'},
  {word: 'lease', means: 'until etcd drops the key, unless refreshed; ?: no quorum counts'},
  {word: 'wd', means: 'until the watchdog resets the host, unless Patroni feeds it'},
  {word: 'sync', means: 'a commit waits for this replica'},
  {word: 'quorum', means: 'members of etcd that know a leader; more than half are needed'},
  {word: 'gap', means: 'since no write was acknowledged: the outage as clients have it'},
  {word: 'fail', means: 'refused: the row is not there'},
  {word: 'unknown', means: 'asked and never answered: the row may be there, or not'},
  {word: 'lost', means: 'acknowledged, and not on the primary afterwards; ?: not read yet'},
  {word: 'N-M s?', means: 'after the fault, by the timing model: least and most'},
  {word: '(N-M)', means: 'the same beside what came'},
]
