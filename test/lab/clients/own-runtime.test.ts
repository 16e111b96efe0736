import {join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'

const agent = join(import.meta.dirname, '../../../lab/clients/agent/main.ts')

test('an agent reads its driver without all of `fetch`, also on a Node without a navigator', async () => {
  const script = `
    process.on('exit', () => console.log(process.moduleLoadList.filter(one => /undici/.test(one)).length))
    await import(${JSON.stringify(agent)})
  `
  const {stdout} = await execa(
    process.execPath,
    ['--no-experimental-global-navigator', '--input-type=module', '-e', script],
    {
      input: '',
    },
  )
  expect(stdout.split('\n').at(-1)).toBe('0')
})
