import {execFileSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {layOver, takeOff} from '../../../lab/breaking/patroni-overlay.ts'

/** Runs a host's script in a folder of its own, with a supervisor that only notes what it is told. */
function host() {
  const root = mkdtempSync(join(tmpdir(), 'overlay-'))
  mkdirSync(join(root, 'run/pgha-lab/patroni'), {recursive: true})
  const told = join(root, 'told')
  writeFileSync(join(root, 's6-svc'), `#!/bin/sh\necho "$@" >> ${told}\n`, {mode: 0o755})
  const run = (script: string) =>
    execFileSync('sh', ['-c', script.replaceAll('/run/pgha-lab', join(root, 'run/pgha-lab'))], {
      env: {PATH: `${root}:${process.env.PATH}`},
    })
  return {
    run,
    file: join(root, 'run/pgha-lab/patroni/tags.yml'),
    told: () => (existsSync(told) ? readFileSync(told, 'utf8') : ''),
  }
}

it("what is laid over a host's configuration is there whatever it contains, and Patroni is told", () => {
  const {run, file, told} = host()
  const tags = {quote: `it's "so" $HOME \`x\``, nofailover: true}
  run(layOver('tags', {tags}))
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({tags})
  expect(told()).toBe('-h /run/service/patroni\n')
})

it('it is taken off once, and a second time changes nothing', () => {
  const {run, file, told} = host()
  run(layOver('tags', {tags: {nosync: true}}))
  run(takeOff('tags'))
  expect(existsSync(file)).toBe(false)
  run(takeOff('tags'))
  expect(told().split('\n')).toHaveLength(3)
})
