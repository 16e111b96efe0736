/**
 * What a text of SQL asks for, as far as it can be told without a parser. In doubt it is more than it is: a promise that nothing
 * was committed, or that nothing was to be changed, is only made for a text that leaves no doubt.
 */
export interface Asked {
  /** It may change something. */
  readonly changes: boolean
  /** It is nothing but the beginning of a block. */
  readonly opens: boolean
  /** It is nothing but the end of a block that is given up. */
  readonly givesUp: boolean
  /** It may roll something back. */
  readonly rollsBack: boolean
  /** It may end the block that it is in, and so commit what came before. */
  readonly ends: boolean
  /** It may commit by itself while it goes on, so that an error at its end takes not all back. */
  readonly commitsInside: boolean
}

/** Of a text that was too long to be kept, and of a statement that nobody saw being prepared. */
export const unknownText: Asked = {
  ...{changes: true, opens: false, givesUp: false, rollsBack: true, ends: true, commitsInside: true},
}

const opening = /^(begin|start transaction)( work| transaction)?( (isolation|read|deferrable|not)\b[^;]*)?\s*;?$/i
const givingUp = /^(rollback|abort)( work| transaction)?( and no chain)?\s*;?$/i
const ending = /\b(commit|end|prepare|rollback|abort)\b/i
const inside = /\b(call|do|vacuum|cluster|reindex|concurrently)\b/i

/** A text that begins with one of these and has none of the words of `changing` anywhere only reads, or sets the session up. */
const reading =
  /^(select|show|values|table|with|explain|fetch|move|declare|close|set|reset|begin|start|commit|end|rollback|abort|savepoint|release|discard|deallocate|listen|unlisten)\b/i
const changing =
  /\b(insert|update|delete|merge|into|copy|create|alter|drop|truncate|grant|revoke|call|do|execute|prepare|nextval|setval|lo_\w+|refresh|reindex|vacuum|cluster|comment|import|security|reassign|analyze)\b/i

/** @param text one statement or several, as they were sent. Words are looked for in comments and quoted texts as well. */
export function askedBy(text: string): Asked {
  const plain = text.trim()
  const opens = opening.test(plain)
  const givesUp = givingUp.test(plain)
  return {
    changes: changing.test(plain) || !onlyReads(plain),
    opens,
    givesUp,
    rollsBack: /\b(rollback|abort)\b/i.test(plain),
    ends: !opens && !givesUp && ending.test(plain),
    commitsInside: inside.test(plain),
  }
}

/** Every statement begins with a word that is known to change nothing. */
function onlyReads(text: string): boolean {
  return withoutComments(text)
    .split(';')
    .map(one => one.trim())
    .every(one => one === '' || reading.test(one))
}

/** Programs put their names in comments. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, ' ').replaceAll(/--[^\n]*/g, ' ')
}

/** Tags of commands that change nothing that others see (PostgreSQL, `tcop/cmdtaglist.h`); all others do. */
const harmless =
  /^(SELECT|SHOW|BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|SET CONSTRAINTS|RESET|FETCH|MOVE|DECLARE CURSOR|CLOSE CURSOR|CLOSE CURSOR ALL|PREPARE|DEALLOCATE|DEALLOCATE ALL|DISCARD( \w+)?|LISTEN|UNLISTEN|LOCK TABLE|EXPLAIN|LOAD|CHECKPOINT)( \d+)*$/

/** Whether a command that was answered with this tag changes something; COPY goes both ways. */
export function tagChanges(tag: string, copiedOut: boolean): boolean {
  if (/^COPY \d+$/.test(tag)) return !copiedOut
  return !harmless.test(tag)
}
