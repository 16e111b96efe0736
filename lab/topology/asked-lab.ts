/** How a lab is asked for, as on the command line of `up`; and the same as words of a command. */
export interface AskedLab {
  /** A preset, or a file. */
  readonly topology?: string | undefined
  readonly profile?: string | undefined
  readonly release?: string | undefined
  /** A checkout or a wheel of Patroni, or a published version. */
  readonly patroni?: string | undefined
  /** `patroni.ttl=40s` */
  readonly set?: readonly string[] | undefined
}

/** e.g. ['--topology', 'sync', '--set', 'patroni.ttl=40s']; empty for the usual lab. */
export function askedWords({topology, profile, release, patroni, set = []}: AskedLab): readonly string[] {
  const named = Object.entries({topology, profile, release, patroni})
  return [
    ...named.flatMap(([key, word]) => (word === undefined ? [] : [`--${key}`, word])),
    ...set.flatMap(one => ['--set', one]),
  ]
}
