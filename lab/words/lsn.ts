/** PostgreSQL's text of an LSN ('0/3000060': two hex numbers, the upper 32 bits and the lower) as a number of bytes. */
export function lsnBytes(text: string): number {
  const [, upper, lower] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? []
  if (upper === undefined || lower === undefined) throw new RangeError(`not an LSN: ${text}`)
  return Number.parseInt(upper, 16) * 2 ** 32 + Number.parseInt(lower, 16)
}

/** As PostgreSQL writes it: `0/20EA3F8`. */
export function sayLsn(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 32).toString(16)}/${(bytes % 2 ** 32).toString(16)}`.toUpperCase()
}
