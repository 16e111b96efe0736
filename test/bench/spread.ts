/** Median and spread of what was measured, in one line. */
export function spread(values: readonly number[], unit: string, digits = 2): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN).toFixed(digits)
  return `median ${at(0.5)} ${unit}, from ${at(0)} to ${at(1)} (n=${sorted.length})`
}
