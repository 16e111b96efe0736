/** As much of Markdown as the tests of our own pages need. */

/** The text under each `## name`, by that name. */
export function sections(page: string): ReadonlyMap<string, string> {
  const parts = page.split(/^## /m).slice(1)
  return new Map(
    parts.map(part => {
      const end = part.indexOf('\n')
      return [part.slice(0, end).trim(), part.slice(end + 1)] as const
    }),
  )
}

/** What stands in backticks at the beginning of each row of the tables. */
export function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| *`([^`]+)`/gm)].map(match => match[1] ?? '')
}
