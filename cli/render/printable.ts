/**
 * What servers and drivers say, made safe to show: on one line, and without the control characters that could move a
 * terminal's cursor or change its colours.
 */
export function printable(text: string): string {
  return text
    .replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '')
    .trim()
}
