/**
 * What may stand in a person's texts, and what things may be called: the one rule for each kind of name. Generated files,
 * terminals and other programs' parsers all read these later, so that what any of them could take for a line break or a command
 * is refused where it is written.
 */

/**
 * What nobody sees: control characters (C0, DEL, C1 with U+0085), format characters (bidi controls, zero-width, tags), the line and
 * paragraph separators, letters drawn as nothing; and what no YAML file can hold: halves of surrogate pairs, U+FFFE and U+FFFF. All
 * that `printable.ts` leaves out: what is taken in is shown whole. But for U+FE0F, which every keyboard puts behind a sign like the one
 * for a warning.
 */
const forbidden = /(?!\uFE0F)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}\uFFFE\uFFFF]/u
const names: Readonly<Record<string, string>> = {
  '\0': 'a NUL',
  '\t': 'a tab',
  '\n': 'a line break',
  '\r': 'a carriage return',
  '\x1b': 'an escape character',
  '\u0085': 'the line break U+0085',
  '\u2028': 'the line separator U+2028',
  '\u2029': 'the paragraph separator U+2029',
}

/**
 * The first character that has no place in a text of one line, in words; null when there is none.
 * @param allowed characters that do no harm here, such as line breaks in a text of several lines.
 */
export function strayCharacter(text: string, allowed = ''): string | null {
  const found = [...text].find(one => forbidden.test(one) && !allowed.includes(one))
  if (found === undefined) return null
  const code = found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  const kind = /[\p{Cf}\p{DI}]/u.test(found) ? 'unseen' : 'control'
  return names[found] ?? `the ${kind} character U+${code}`
}

/** A rule for one kind of name, and what it says. */
interface NameRule {
  readonly pattern: RegExp
  readonly says: string
}

export const nameRules = {
  /** A part of the keys in etcd, an argument of patronictl, and PostgreSQL's cluster_name. */
  scope: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    says: 'a scope has up to 63 letters, digits, dots, dashes and underscores, and begins with a letter or digit',
  },
  /** The beginning of the keys in etcd. */
  namespace: {
    pattern: /^(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,62}){1,4}\/$/,
    says: 'a namespace is a path such as /service/, of letters, digits, dots, dashes and underscores',
  },
  /** A label's value and a line of a file. */
  owner: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    says: 'an owner has up to 63 letters, digits, dots, dashes and underscores, and begins with a letter or digit',
  },
  /** A label of DNS, and a part of the names of containers, volumes and etcd's members. */
  host: {
    pattern: /^[a-z](?:[a-z0-9-]{0,19}[a-z0-9])?$/,
    says: 'a host name has up to 21 small letters, digits and dashes, begins with a letter and does not end with a dash',
  },
  /** A part of the names of containers, networks and folders. */
  lab: {
    pattern: /^[a-z0-9][a-z0-9-]{0,30}$/,
    says: 'use up to 31 small letters, digits and dashes',
  },
  /** Of a step, a suite or a program in a scenario. */
  scenario: {
    pattern: /^[a-z][a-z0-9-]{0,40}$/,
    says: 'a name has small letters, digits and dashes, and begins with a letter',
  },
  /** As PostgreSQL has them, whatever their case: `work_mem`, `TimeZone`, and an extension's `auto_explain.log_format`. */
  parameter: {
    pattern: /^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})*$/i,
    says: 'a parameter of PostgreSQL has letters, digits and underscores, and a dot after the name of an extension',
  },
  /** Of an environment. */
  variable: {pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, says: 'not the name of a variable'},
} as const satisfies Record<string, NameRule>
