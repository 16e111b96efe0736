/** What a table has under a word that somebody else wrote: nothing under `constructor`, which every object answers to. */
export function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
