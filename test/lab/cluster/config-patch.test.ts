import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {covers, reverse} from '../../../lab/cluster/config-patch.ts'
import type {Config} from '../../../lab/cluster/patroni-api.ts'

/** Patroni 4.0, `utils.py: patch_config`, line by line. */
function patch(config: Record<string, unknown>, data: Config): void {
  for (const [name, value] of Object.entries(data)) {
    if (value === null) delete config[name]
    else if (name in config && isMapping(value)) {
      if (isMapping(config[name])) patch(config[name], value)
      else config[name] = value
    } else if (!(name in config) || String(config[name]) !== String(value)) config[name] = value
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const key = fc.constantFrom('a', 'b', 'c')
const leaf = fc.oneof(fc.integer({min: 0, max: 3}), fc.constantFrom('x', 'y'), fc.boolean())
const {config: anyConfig} = fc.letrec<{config: Record<string, unknown>}>(tie => ({
  config: fc.dictionary(key, fc.oneof({maxDepth: 2}, leaf, tie('config')), {maxKeys: 3, noNullPrototype: true}),
}))
const {config: anyPatch} = fc.letrec<{config: Record<string, unknown>}>(tie => ({
  config: fc.dictionary(key, fc.oneof({maxDepth: 2}, leaf, fc.constant(null), tie('config')), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
}))

describe('the reverse of a patch', () => {
  it('gives back what was there and removes what was not', () => {
    const config = {ttl: 20, postgresql: {parameters: {work_mem: '4MB'}}}
    const wanted = {ttl: 30, pause: true, postgresql: {parameters: {work_mem: '5MB', max_connections: 120}}}
    expect(reverse(wanted, config)).toEqual({
      ttl: 20,
      pause: null,
      postgresql: {parameters: {work_mem: '4MB', max_connections: null}},
    })
  })

  it('brings back any configuration after any patch', () => {
    fc.assert(
      fc.property(anyConfig, anyPatch, (config, wanted) => {
        const now = structuredClone(config)
        patch(now, wanted)
        patch(now, structuredClone(reverse(wanted, config)))
        expect(now).toEqual(config)
      }),
      {numRuns: 2000},
    )
  })

  it('is idempotent: what is whole stays so', () => {
    fc.assert(
      fc.property(anyConfig, anyPatch, (config, wanted) => {
        const now = structuredClone(config)
        patch(now, structuredClone(reverse(wanted, config)))
        expect(now).toEqual(config)
      }),
    )
  })
})

describe('a configuration that a patch is in', () => {
  it('has all of it, and may have more', () => {
    expect(
      covers({ttl: 20, postgresql: {parameters: {work_mem: '5MB', a: 1}}}, {postgresql: {parameters: {a: 1}}}),
    ).toBe(true)
    expect(covers({ttl: 20}, {ttl: 21})).toBe(false)
    expect(covers({}, {ttl: 20})).toBe(false)
    expect(covers({ttl: 20}, {ttl: {deep: 1}})).toBe(false)
  })

  it('lacks what the patch removes', () => {
    expect(covers({}, {pause: null})).toBe(true)
    expect(covers({pause: true}, {pause: null})).toBe(false)
  })

  it('may hold a number where the patch has its text, as Patroni compares them', () => {
    expect(covers({max_connections: 120}, {max_connections: '120'})).toBe(true)
  })
})
