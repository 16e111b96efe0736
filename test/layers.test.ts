/** Imports point downwards only, and each outside package has its owner: the rules of docs/how/architecture.md, as a test. */
import {globSync, readFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {expect, test} from 'vitest'

const root = join(import.meta.dirname, '..')

/** From the bottom; a file belongs to the first layer that names it. */
const layers: readonly (readonly [string, RegExp])[] = [
  [
    'words',
    /^lab\/(errors|next-step|event|client-group|plain-text|bank|doubtful-commit|decode|regular-file|system-error|quantity|time-limit|engine-limits|progress|package-root|printable|statistics|spelled-json|metrics|tar)\.ts$/,
  ],
  [
    'shapes',
    /^lab\/(topology|topology-file|topology-schema|event-schema|history|unit|check|fault|probe|say-mend|budget(\/[a-z-]+)?|report|intervals|failover|limit|struck|deadline|prediction|laid-over|watching|moments|disturbances|ended|reigns|promotions|tenures|attempts|steady-writes|reconnection|driver-table|reads|rows)\.ts$/,
  ],
  [
    'parts',
    /^(compose\/|lab\/(docker|engine-calls|stack|read-back|state|lock|owner|journal|allocate|find-run|read-events|run-folder|cuts|nft|qdisc|capabilities|parameters|config-patch|patroni-overlay)\.ts$|lab\/(checks|setup|observer)\/)/,
  ],
  [
    'acts',
    /^lab\/((lab|open|ownership|mend|mends\/[a-z]+|broken|heal|health|modes|selector|etcd-leader|shell|paths|processes|prove|patroni-api|patroni-keys|pending-restarts|sql|wal|handover|wait|versions|raise|injection-phase)\.ts$|(faults|probes|clients)\/)/,
  ],
  [
    'plot',
    /^lab\/(scenario|scenario\/[a-z-]+|storm\/[a-z-]+|settings|injections|play|judge|story|runs|measure-run|compare|repeat|jepsen)\.ts$/,
  ],
  ['faces', /^(lab\/index\.ts$|cli\/)/],
]

/** Who may import a package at run time. Packages that are not listed may be used by all. */
const owners: Readonly<Record<string, RegExp>> = {
  dockerode: /^lab\/docker\.ts$/,
  execa: /^(lab\/stack|lab\/setup\/command|cli\/attach|cli\/suite\/child)\.ts$/,
  yaml: /^(lab\/decode\.ts$|compose\/)/,
  ink: /^cli\/ui\//,
  react: /^cli\/ui\//,
  pg: /^lab\/((clients|probes)\/|sql\.ts$)/,
  'p-retry': /^lab\/wait\.ts$/,
  leven: /^lab\/decode\.ts$/,
  commander: /^cli\/(program|options|commands\/[a-z-]+)\.ts$/,
}

const files = globSync('{lab,compose,cli}/**/*.{ts,tsx}', {cwd: root})

const layerOf = (file: string) => layers.findIndex(([, pattern]) => pattern.test(file))

/** Run-time imports of a file; a type-only import makes no dependency. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [
    ...text.matchAll(
      /^(?:import|export)\s+(?!type\b)[^'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm,
    ),
  ].flatMap(([, from, lazy, bare]) => from ?? lazy ?? bare ?? [])
}

test('every file stands in a layer', () => {
  expect(files.filter(file => layerOf(file) < 0)).toEqual([])
})

test('no file imports from a layer above its own', () => {
  const upwards = files.flatMap(file =>
    importsOf(file)
      .filter(target => target.startsWith('.'))
      .map(target => relative(root, join(root, dirname(file), target)))
      .filter(imported => layerOf(imported) > layerOf(file))
      .map(imported => `${file} imports ${imported}`),
  )
  expect(upwards).toEqual([])
})

test('no file uses a package that another file owns', () => {
  const trespasses = files.flatMap(file =>
    importsOf(file)
      .map(target => target.split('/')[0] ?? '')
      .filter(name => owners[name]?.test(file) === false)
      .map(name => `${file} uses ${name}`),
  )
  expect(trespasses).toEqual([])
})

test('a fault never imports a fault, and a check never imports a check, save through their index', () => {
  for (const file of files.filter(one => /^lab\/(faults|checks)\/(?!index)/.test(one)))
    for (const target of importsOf(file)) expect(target.startsWith('./'), `${file} imports ${target}`).toBe(false)
})
