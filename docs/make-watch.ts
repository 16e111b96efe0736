/**
 * The tables of docs/watch.md, from the tables of the screen itself:
 *
 *     node docs/make-watch.ts
 *
 * The words around them are written by hand. A unit test holds that they are current.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {signsExplained, wordsExplained} from '../cli/ui/glossary.ts'
import {watchKeys} from '../cli/ui/keys.ts'
import {lookOf} from '../cli/ui/look.ts'

const path = join(import.meta.dirname, 'watch.md')

/** @param page as it is. */
export function watchDoc(page: string): string {
  const [plain, signs] = [lookOf(true).signs, lookOf(false).signs]
  const keys = watchKeys.map(({name, about}) => `| \`${name}\` | ${about} |\n`)
  const words = wordsExplained.map(({word, means}) => `| \`${word}\` | ${means} |\n`)
  const signed = signsExplained.map(({sign, means}) => `| ${signs[sign!]} | \`${plain[sign!]}\` | ${means} |\n`)
  const tables: Readonly<Record<string, string>> = {
    key: `| key | what it does |\n| --- | --- |\n${keys.join('')}`,
    sign: `| sign | ASCII | what it means |\n| --- | --- | --- |\n${signed.join('')}`,
    word: `| word | what it means |\n| --- | --- |\n${words.join('')}`,
  }
  return page.replaceAll(/^\| (key|sign|word) \|.*\n(?:\|.*\|\n)*/gm, (_, name: string) => tables[name] ?? '')
}

if (import.meta.main) writeFileSync(path, watchDoc(readFileSync(path, 'utf8')))
