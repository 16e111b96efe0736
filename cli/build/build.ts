/**
 * The command line as one program in a folder, the programs that go into a lab's containers as one file each, and the licences of
 * what they have of other packages.
 */
import {basename, dirname, join} from 'node:path'
import {type OutputChunk, rolldown} from 'rolldown'
import {readAheadFile, readTopology, scenariosToKeep, suites} from '../../lab/inside/scenarios.ts'
import {listed} from '../suite/here.ts'
import {knownListFile, listToKeep, notAsked} from '../suite/known-list.ts'
import {licencesOf, packagesOf} from './licences.ts'
import {putBuild, putFile} from './put.ts'

interface ToBuild {
  readonly root: string
  readonly dist: string
  /** Sources, as seen from the root. */
  readonly commandLine: string
  /** Each is called as the folder of its source. */
  readonly programs: readonly string[]
}

export async function build({root, dist, commandLine, programs}: ToBuild): Promise<void> {
  const chunks = await bundled(root, commandLine)
  const used = new Set(moduleIds(chunks))
  for (const entry of programs) {
    const [only, ...more] = await bundled(root, entry)
    if (only === undefined || more.length > 0) throw new Error(`${entry} is to be one file, and has ${more.length + 1}`)
    for (const id of moduleIds([only])) used.add(id)
    putFile(join(dist, `${basename(dirname(entry))}.mjs`), only.code)
  }
  putFile(join(dist, 'THIRD-PARTY-LICENSES'), licencesOf(packagesOf(used, root)))
  const files = chunks.map(({fileName, code}) => ({name: fileName, code}))
  files.push({name: readAheadFile, code: scenariosToKeep()})
  files.push({name: knownListFile, code: knownLists()})
  putBuild(join(dist, 'cli'), files)
}

/** What `scenarios` lists of labs as `up` raises them, with either profile. */
function knownLists(): string {
  const all = [...suites().values()].flat()
  return listToKeep(
    ['default', 'fast'].map(profile => {
      const {topology} = readTopology({profile})
      const list = all.map(one => listed(one, {topology, tried: notAsked, learned: new Map()}))
      return {topology, list}
    }),
  )
}

async function bundled(root: string, entry: string): Promise<readonly OutputChunk[]> {
  // ink asks for the developer tools of React only where DEV is set.
  const external = ['react-devtools-core']
  const bundle = await rolldown({input: join(root, entry), cwd: root, platform: 'node', external})
  const {output} = await bundle.generate({format: 'esm', chunkFileNames: '[name].js'})
  await bundle.close()
  return output.filter(one => one.type === 'chunk')
}

/** Of a module of which nothing is left there is nothing in the bundle. */
function moduleIds(from: readonly OutputChunk[]): string[] {
  return from.flatMap(({modules}) =>
    Object.entries(modules).flatMap(([id, {renderedLength}]) => (renderedLength > 0 ? [id] : [])),
  )
}
