/** What a topology has from files that it names: they lie beside the file that names them, and what is typed where it was typed. */
import {join, relative, resolve} from 'node:path'
import {type Callbacks, readCallbacks, readProgram} from './callbacks.ts'
import {type OwnMistake, readOwnHaproxy} from './own-haproxy.ts'
import {readPatroniBuild} from './patroni-build.ts'
import type {Written} from './settings.ts'
import type {Topology} from './topology.ts'

type Tell = (path: readonly string[], says: string, isTyped: boolean) => void

/** @param folder of the file. @param tell told of what is no such file. */
export function filesOf(
  written: Written,
  typed: readonly Written[],
  folder: string,
  tell: Tell,
): Pick<Topology, 'callbacks' | 'postBootstrap' | 'patroniBuild'> {
  const callbacksIn = (of: NonNullable<Written['patroni']>['callbacks'], where: string, isTyped: boolean): Callbacks =>
    readCallbacks(of ?? {}, where, (name, says) => tell(['patroni', 'callbacks', name], says, isTyped))
  const callbacks = {
    ...callbacksIn(written.patroni?.callbacks, folder, false),
    ...callbacksIn(Object.assign({}, ...typed.map(layer => layer.patroni?.callbacks)), '.', true),
  }
  return {
    ...(Object.keys(callbacks).length === 0 ? {} : {callbacks}),
    ...oneOf(written, typed, folder, 'post_bootstrap', readProgram, 'postBootstrap', tell),
    ...oneOf(written, typed, folder, 'build', readPatroniBuild, 'patroniBuild', tell),
  }
}

/** One file that a key of `patroni` names; typed it counts more. */
function oneOf<Read extends object, Name extends string>(
  written: Written,
  typed: readonly Written[],
  folder: string,
  key: 'build' | 'post_bootstrap',
  read: (path: string, folder: string) => Read | {readonly says: string},
  name: Name,
  tell: Tell,
): {readonly [one in Name]?: Read} {
  const own = typed.findLast(layer => layer.patroni?.[key] !== undefined)?.patroni?.[key]
  const path = own ?? written.patroni?.[key]
  if (path === undefined) return {}
  const found = read(path, own === undefined ? folder : '.')
  if (!('says' in found)) return {[name]: found} as {readonly [one in Name]?: Read}
  tell(['patroni', key], found.says, own !== undefined)
  return {}
}

/** A haproxy.cfg of somebody's own, with what it says by the keys of a lab.yaml; nothing where nobody names one. */
export function ownHaproxyOf(
  layers: readonly Written[],
  typed: readonly Written[],
  folder: string,
  topology: Topology,
): {
  readonly haproxyFile?: Topology['haproxyFile']
  readonly layer?: Written
  readonly mistakes: readonly OwnMistake[]
} {
  const own = typed.findLast(layer => layer.haproxy?.file !== undefined)?.haproxy?.file
  const path = own ?? layers.findLast(layer => layer.haproxy?.file !== undefined)?.haproxy?.file
  if (path === undefined) return {mistakes: []}
  const from = own === undefined ? folder : '.'
  const near = relative('.', resolve(from, path))
  const written = Object.assign({}, ...layers.map(layer => layer.haproxy)) as NonNullable<Written['haproxy']>
  return readOwnHaproxy(path, from, near.startsWith('..') ? join(from, path) : near, written, topology)
}
