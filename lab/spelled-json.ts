/** JSON with the numbers that JSON has no sign for spelled as strings: `"Infinity"`, not the `null` of "not known". */
export function toJson(value: unknown): string {
  const spelled = (_key: string, one: unknown) => (typeof one === 'number' && !Number.isFinite(one) ? String(one) : one)
  return `${JSON.stringify(value, spelled, 2)}\n`
}
