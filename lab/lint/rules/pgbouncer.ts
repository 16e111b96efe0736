/** pgbouncer.ini by itself; what it has to do with the other files is in `cluster.ts`. */
import {nearest} from '../../words/did-you-mean.ts'
import {pgbouncerKeys} from '../known-keys.ts'
import type {Rule} from '../rule.ts'

export const pgbouncerRules: readonly Rule[] = [
  {
    id: 'pgbouncer/unknown-key',
    severity: 'error',
    about: 'a setting that PgBouncer does not know, and nearly one that it knows: it does not start',
    source: 'PgBouncer, doc/config.md; src/main.c: unknown parameter, cannot load config file',
    fix: 'spell it as PgBouncer does',
    find: ({pgbouncer}) =>
      pgbouncer.flatMap(({settings}) =>
        [...settings].flatMap(([key, {keyPlace}]) => {
          // A later release may have others: told is only what is nearly one.
          const meant = pgbouncerKeys.includes(key) ? undefined : nearest(key, pgbouncerKeys)
          return meant === undefined
            ? []
            : [
                {
                  place: keyPlace,
                  says: `PgBouncer knows no \`${key}\`, did you mean \`${meant}\`?`,
                  fix: `${meant} = ...`,
                },
              ]
        }),
      ),
  },
  {
    id: 'pgbouncer/value-with-comment',
    severity: 'error',
    about: 'a ; or # is a comment only where a line begins: here it is a part of the value',
    source: 'PgBouncer, doc/config.md: comments',
    fix: 'put the comment on a line of its own',
    find: ({pgbouncer}) =>
      pgbouncer.flatMap(({settings, databases}) =>
        [...settings.values(), ...databases]
          .filter(({text}) => /\s[;#]/.test(text.replace(/'(?:[^']|'')*'/g, '')))
          .map(({place}) => ({place})),
      ),
  },
  {
    id: 'pgbouncer/auth-any',
    severity: 'warning',
    about: 'auth_type trust or any: whoever reaches the port is any user, or the one of the database',
    source: 'PgBouncer, doc/config.md: auth_type',
    fix: 'auth_type = scram-sha-256',
    find: ({pgbouncer}) =>
      pgbouncer.flatMap(({settings}) => {
        const type = settings.get('auth_type')
        return type !== undefined && /^(trust|any)$/.test(type.text)
          ? [{place: type.place, says: `auth_type ${type.text}: no password is asked`}]
          : []
      }),
  },
]
