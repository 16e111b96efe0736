/** HAProxy's last word on somebody's haproxy.cfg: its own sentence, with the line of the file that a person wrote. */

import {createInterface} from 'node:readline'
import {PassThrough, Readable} from 'node:stream'
import {expect, test} from 'vitest'
import {type HaproxyEngine, haproxyMustTake} from '../../../lab/engine/haproxy-check.ts'

const given = {
  configurations: [
    {target: 'pgha-lab.cfg', text: 'global\n'},
    {target: 'haproxy.cfg', text: 'global\n    maxconx 100\n'},
  ],
  others: [],
  names: '10.0.0.11 node1\n',
  shown: 'haproxy.cfg',
}

/** Answers `haproxy -c` with these words, and remembers what it was given. */
function engine(code: number, complaint: string, asked: string[][] = []): HaproxyEngine {
  return {
    hasImage: async () => true,
    throwaway: async () => ({id: 'one', [Symbol.asyncDispose]: async () => {}}),
    exec: async (_, argv) => {
      asked.push([...argv])
      const isCheck = argv[0] === 'haproxy'
      return {
        ...{stdin: new PassThrough(), stdout: new PassThrough(), lost: undefined},
        lines: createInterface({input: Readable.from([])}),
        done: Promise.resolve(isCheck ? code : 0),
        stderr: () => (isCheck ? complaint : ''),
        [Symbol.asyncDispose]: async () => {},
      }
    },
  }
}

test('it is asked with both files, the lab’s first', async () => {
  const asked: string[][] = []
  await haproxyMustTake(engine(0, '', asked), 'image', given)
  expect(asked.at(-1)).toEqual(['haproxy', '-c', '-f', '/run/pgha-lab-check/1.cfg', '-f', '/run/pgha-lab-check/2.cfg'])
})

test('what it refuses is told with the line', async () => {
  const says = `\
[NOTICE]   (7) : haproxy version is 3.0.11
[ALERT]    (7) : config : parsing [/run/pgha-lab-check/2.cfg:2] : unknown keyword 'maxconx' in 'global' section
[ALERT]    (7) : config : Error(s) found in configuration file : /run/pgha-lab-check/2.cfg
[ALERT]    (7) : config : Fatal errors found in configuration.`
  await expect(haproxyMustTake(engine(1, says), 'image', given)).rejects.toMatchObject({
    code: 'config',
    message: "haproxy.cfg:2: HAProxy says: unknown keyword 'maxconx' in 'global' section",
  })
})

test('one that cannot be asked has refused nothing', async () => {
  await expect(haproxyMustTake(engine(127, 'sh: not found'), 'image', given)).rejects.toMatchObject({code: 'engine'})
})
