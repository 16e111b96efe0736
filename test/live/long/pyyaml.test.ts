/** What we print as YAML, read by the PyYAML of the hosts, which Patroni reads its configuration with: by both of its parsers. */
import {execa} from 'execa'
import fc from 'fast-check'
import {beforeAll, expect, test} from 'vitest'
import {printYaml} from '../../../compose/print-yaml.ts'
import {imageTags} from '../../../lab/setup/images.ts'
import {strayCharacter} from '../../../lab/words/plain-text.ts'
import {awkwardTexts} from '../../compose/awkward-texts.ts'
import {expectExit} from '../cli.ts'

const reader = `
import json, sys, yaml
documents = json.load(sys.stdin)
json.dump([[yaml.load(one, loader) for one in documents] for loader in (yaml.SafeLoader, yaml.CSafeLoader)], sys.stdout)
`

/** Of each document, in their order, from each parser. */
async function read(documents: readonly string[]): Promise<unknown[][]> {
  const argv = ['run', '--rm', '-i', '--network', 'none', '--entrypoint', 'python3', imageTags().host, '-c', reader]
  const {stdout} = await execa('docker', argv, {input: JSON.stringify(documents)})
  return JSON.parse(stdout)
}

beforeAll(() => expectExit(0, ['doctor', '--fix']))

test('PyYAML reads every text as that text, as a value, in a list, on one line and as a key', async () => {
  const drawn = fc.sample(fc.string({unit: 'binary'}), {numRuns: 2000, seed: 7})
  const short = fc.sample(fc.string({unit: fc.constantFrom(...'<=~.:-_+0178xoeEyYnN, '), maxLength: 6}), {
    numRuns: 5000,
    seed: 7,
  })
  const texts = [...awkwardTexts, ...drawn, ...short].filter(text => strayCharacter(text, '\n') === null)
  const values = texts.map(text => ({v: text, list: [text], in: {v: text}, ...(text === '<<' ? {} : {[`${text}`]: 1})}))
  for (const oneLine of [0, 100]) {
    const both = await read(values.map(value => printYaml(value, {oneLine})))
    for (const got of both) expect(got).toEqual(values)
  }
})
