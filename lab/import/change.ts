/** What of somebody's files is otherwise in the lab, and why. */

import type {YamlMap, YamlNode} from '../lint/read/yaml.ts'
import {type Place, sayPlace} from '../words/place.ts'

export interface Change {
  readonly place: Place
  /** As it is called there: `postgresql.parameters.archive_command`. Never its value. */
  readonly what: string
  readonly how: 'kept otherwise' | 'stand-in' | 'dropped'
  readonly why: string
}

/** A change that several files have alike. */
export interface Told {
  readonly places: readonly Place[]
  readonly what: string
  readonly how: Change['how']
  readonly why: string
}

export function together(changes: readonly Change[]): readonly Told[] {
  const alike = Map.groupBy(changes, ({what, how, why}) => JSON.stringify([what, how, why]))
  return [...alike.values()].map(same => {
    const {what, how, why} = same[0]!
    const places = new Map(same.map(({place}) => [sayPlace(place), place]))
    return {places: [...places.values()], what, how, why}
  })
}

export interface Leaf {
  readonly path: readonly string[]
  readonly place: Place
  readonly node: YamlNode
}

/** Every value of a mapping, however deep; a list is one value, and so is an empty mapping. */
export function leaves(map: YamlMap, above: readonly string[] = []): readonly Leaf[] {
  return map.entries.flatMap(({key, place, value}): readonly Leaf[] => {
    const path = [...above, key]
    return value.kind === 'map' && value.entries.length > 0 ? leaves(value, path) : [{path, place, node: value}]
  })
}
