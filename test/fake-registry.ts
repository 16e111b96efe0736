/** An npm registry on 127.0.0.1 that has one package in one version, for what real npm does with it. */
import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'

export interface FakeRegistry extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/` */
  readonly url: string
  /** Of the tarball, as a lock file has it: `sha512-<base64>`. */
  readonly integrity: string
  /** How often a tarball was asked for. */
  readonly downloads: () => number
}

/** @param file where in the package `content` lies; it may be executed. */
export async function fakeRegistry(
  name: string,
  version: string,
  content: string,
  file = 'index.js',
): Promise<FakeRegistry> {
  // A package that does not only lie there: its script leaves a file where npm runs.
  const scripts = {preinstall: 'touch "$INIT_CWD/script-ran"'}
  const folder = mkdtempSync(join(tmpdir(), 'pgha-lab-registry-'))
  const inPackage = join(folder, 'package', file)
  mkdirSync(dirname(inPackage), {recursive: true})
  writeFileSync(inPackage, content, {mode: 0o755})
  writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify({name, version, scripts}))
  const tarball = execFileSync('tar', ['-cz', '-C', folder, 'package'])
  rmSync(folder, {recursive: true})
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  let downloads = 0
  const server = createServer((request, response) => {
    if (request.url === `/${name}/-/${name}-${version}.tgz`) {
      downloads++
      response.end(tarball)
    } else if (request.url === `/${name}`)
      response.end(
        JSON.stringify({
          name,
          'dist-tags': {latest: version},
          versions: {
            [version]: {name, version, scripts, dist: {tarball: `${url}${name}/-/${name}-${version}.tgz`, integrity}},
          },
        }),
      )
    else response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    integrity,
    downloads: () => downloads,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
