/** The path of a check with nothing in it but words of Patroni: all else that stands in a path may be a secret. */
import {type Answering, answering, type HaproxyCheck} from '../haproxy/check.ts'
import {predefinedTags} from '../lint/known-keys.ts'

/** Patroni, api.py: do_GET. What it only shows is not among them: a lab asks OPTIONS, which that is no answer to. */
const routes: ReadonlySet<string> = new Set([
  ...[
    '/',
    '/primary',
    '/master',
    '/read-write',
    '/leader',
    '/standby-leader',
    '/standby_leader',
    '/replica',
    '/health',
  ],
  ...['/read-only', '/read-only-sync', '/read-only-synchronous', '/read-only-quorum'],
  ...['/sync', '/synchronous', '/async', '/asynchronous', '/quorum'],
])

/** One for each answer, for paths in other words. */
const alike = {primary: '/primary', leader: '/leader', replicas: '/replica', several: '/health', nobody: '/nobody'}

interface Asked {
  readonly path: string
  /** Whether that is all that stood there. */
  readonly isWhole: boolean
}

/** What the lab asks in place of this: the same members say yes to it, but for conditions that are told not to be whole. */
export function askedInLab(check: Pick<HaproxyCheck, 'method' | 'path'>, who: Answering = answering(check)): Asked {
  const [bare = '/', ...queries] = (check.path.replace(/^https?:\/\/[^/]*/, '') || '/').split('?')
  if (!routes.has(bare) || answering({method: 'OPTIONS', path: bare}) !== who) return {path: alike[who], isWhole: false}
  const said = queries
    .join('?')
    .split('&')
    .filter(one => one !== '')
  const kept = said.filter(isPatronis)
  return {path: `${bare}${kept.length === 0 ? '' : `?${kept.join('&')}`}`, isWhole: kept.length === said.length}
}

function isPatronis(condition: string): boolean {
  const [, tag] = /^tag_([a-z_]+)=(true|false|\d{1,4})$/.exec(condition) ?? []
  if (tag !== undefined) return predefinedTags.includes(tag)
  return /^(lag=\d{1,12}([kMGT]?B)?|replication_state=[a-z]{1,20})$/.test(condition)
}
