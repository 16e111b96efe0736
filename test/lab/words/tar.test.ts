import {execFileSync} from 'node:child_process'
import {describe, expect, test} from 'vitest'
import {userNumbers} from '../../../lab/engine/docker/programs.ts'
import {firstFile, tarOf} from '../../../lab/words/tar.ts'

describe('an archive', () => {
  const files = [
    {path: 'pgha-lab/pgpass', text: 'h:1:*:app:pässword\n', mode: 0o600, uid: 1000, gid: 1001},
    {path: 'pgha-lab/empty', text: '', mode: 0o444},
  ]

  test('is one that tar reads, with owners and modes', () => {
    const listed = execFileSync('tar', ['-tvf', '-', '--numeric-owner'], {input: tarOf(files), encoding: 'utf8'})
    expect(listed).toMatch(/^-rw------- 1000\/1001 +20 1970-01-01 \d\d:\d\d pgha-lab\/pgpass$/m)
    expect(listed).toMatch(/^-r--r--r-- 0\/0 +0 1970-01-01 \d\d:\d\d pgha-lab\/empty$/m)
    const text = execFileSync('tar', ['-xOf', '-', 'pgha-lab/pgpass'], {input: tarOf(files), encoding: 'utf8'})
    expect(text).toBe(files[0]!.text)
  })

  test('gives back its first plain file, and nothing when there is none', () => {
    expect(firstFile(tarOf(files))).toBe(files[0]!.text)
    expect(firstFile(tarOf([]))).toBeUndefined()
    expect(firstFile(Buffer.from('no archive'))).toBeUndefined()
    expect(firstFile(execFileSync('tar', ['-cf', '-', '-C', '/etc', 'hostname'], {encoding: 'buffer'}))).toBeDefined()
  })

  test('has no path that would not fit', () => {
    expect(() => tarOf([{path: 'x'.repeat(100), text: '', mode: 0o600}])).toThrow(/not a path/)
  })
})

describe('the user of an image', () => {
  const passwd = async () => 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/app:/bin/sh\n'

  test.each([
    ['', 0, 0],
    ['root', 0, 0],
    ['app', 1000, 1001],
    ['app:7', 1000, 7],
    ['65532', 65532, 0],
    ['65532:65532', 65532, 65532],
  ])('%j is %i:%i', async (user, uid, gid) => {
    expect(await userNumbers(user, passwd)).toEqual({uid, gid})
  })

  test('whom the image does not know is told', async () => {
    await expect(userNumbers('nobody', passwd)).rejects.toMatchObject({code: 'image'})
  })
})
