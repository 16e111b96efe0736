/** Prose is broken between words, so that no terminal breaks it inside one; what is to be pasted is not broken. */

/** Of this terminal; what is read elsewhere is not broken into lines. */
export function columns(stream: NodeJS.WriteStream = process.stderr): number {
  return Math.max(40, stream.columns ?? Number.POSITIVE_INFINITY)
}

/** @param hang what the second and the following lines begin with. A part in backticks stays in one piece where it fits. */
export function wrapWords(text: string, width: number, hang = ''): string[] {
  if (text.length <= width) return [text]
  const room = width - hang.length
  const words = (text.match(/`[^`]*`\S*|\S+/g) ?? []).flatMap(word => (word.length > room ? word.split(' ') : [word]))
  const [indent = ''] = /^ */.exec(text) ?? []
  const lines: string[] = []
  let line = indent
  for (const word of words) {
    const isFirst = line.trim() === ''
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${hang}${word}`
    } else line = isFirst ? `${line}${word}` : `${line} ${word}`
  }
  return [...lines, line]
}
