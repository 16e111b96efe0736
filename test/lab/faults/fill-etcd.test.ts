/** etcd is filled up to a little less than its quota before the moment of the fault, and not a value more. */
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {mostScript} from '../../../lab/faults/fill-etcd.ts'

const quota = 64 * 1024 * 1024

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-fill-etcd-'))
})
afterEach(() => rmSync(folder, {recursive: true}))

/** @param grows what a value adds to each member's file, the asked one first; an etcd that refuses where one of them is full. */
async function filled(grows: readonly number[]): Promise<{code: number; values: number}> {
  const etcdctl = join(folder, 'etcdctl')
  const configuration = join(folder, 'etcd.yaml')
  writeFileSync(configuration, `advertise-client-urls: "http://10.0.0.1:2379"\nquota-backend-bytes: ${quota}\n`)
  writeFileSync(join(folder, 'values'), '0')
  writeFileSync(
    etcdctl,
    `#!/bin/sh
values=$(cat '${folder}/values')
case "$*" in
  put*) cat > /dev/null
    for grows in ${grows.join(' ')}; do [ $((values * grows)) -lt ${quota} ] || { echo 'database space exceeded' >&2; exit 1; }; done
    echo $((values + 1)) > '${folder}/values' ;;
  *--cluster*) for grows in ${grows.join(' ')}; do echo "\\"DBSize\\" : $((values * grows))"; done ;;
  *) echo "\\"DBSize\\" : $((values * ${grows[0]}))" ;;
esac
`,
  )
  chmodSync(etcdctl, 0o755)
  const env = {PATH: `${folder}:${process.env.PATH}`}
  const {exitCode} = await execa('sh', ['-c', mostScript(configuration)], {env, reject: false})
  return {code: exitCode ?? -1, values: Number(readFileSync(join(folder, 'values'), 'utf8'))}
}

test.each([
  {is: 'all members grow alike', grows: [1_000_000, 1_000_000, 1_000_000], values: 60},
  {is: 'another member grows faster than the one that is asked', grows: [1_000_000, 1_200_000, 1_000_000], values: 50},
])('where $is, it ends before the first refusal', async ({grows, values}) => {
  expect(await filled(grows)).toEqual({code: 0, values})
})
