/** Objects of a JSON text hold each key once: JSON.parse keeps the last of two, and another reader the first. */

/**
 * Whether each key stands once in its object, and none is `__proto__`, which schemas pass over.
 * @param text JSON
 * @param value what it says
 */
export function hasPlainKeys(text: string, value: unknown): boolean {
  return keysIn(value) === keysWritten(text)
}

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const one of value) if (typeof one === 'object') count += keysIn(one)
    return count
  }
  for (const [key, one] of Object.entries(value)) {
    if (key === '__proto__') return Number.NaN
    count += typeof one === 'object' ? 1 + keysIn(one) : 1
  }
  return count
}

/** Outside of strings JSON has a colon only behind a key. */
function keysWritten(text: string): number {
  let count = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) inString = !inString
    else if (code === backslash) at++
    else if (code === colon && !inString) count++
  }
  return count
}

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
