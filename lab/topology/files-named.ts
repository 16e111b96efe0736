/** What a topology has from files that it names: they lie beside the file that names them, and what is typed where it was typed. */
import {type Callbacks, readCallbacks} from './callbacks.ts'
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
): Pick<Topology, 'callbacks' | 'patroniBuild'> {
  const callbacksIn = (of: NonNullable<Written['patroni']>['callbacks'], where: string, isTyped: boolean): Callbacks =>
    readCallbacks(of ?? {}, where, (name, says) => tell(['patroni', 'callbacks', name], says, isTyped))
  const callbacks = {
    ...callbacksIn(written.patroni?.callbacks, folder, false),
    ...callbacksIn(Object.assign({}, ...typed.map(layer => layer.patroni?.callbacks)), '.', true),
  }
  return {
    ...(Object.keys(callbacks).length === 0 ? {} : {callbacks}),
    ...patroniBuildOf(written, typed, folder, tell),
  }
}

function patroniBuildOf(
  written: Written,
  typed: readonly Written[],
  folder: string,
  tell: Tell,
): Pick<Topology, 'patroniBuild'> {
  const own = typed.findLast(layer => layer.patroni?.build !== undefined)?.patroni?.build
  const path = own ?? written.patroni?.build
  if (path === undefined) return {}
  const read = readPatroniBuild(path, own === undefined ? folder : '.')
  if (!('says' in read)) return {patroniBuild: read}
  tell(['patroni', 'build'], `${path}: ${read.says}`, own !== undefined)
  return {}
}
