/** What a person writes as a setting stands in the compose file as it was meant, or is refused. */
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {composeFile, render} from '../../compose/render.ts'
import type {Topology} from '../../lab/topology/topology.ts'
import {parseTopology} from '../../lab/topology/topology-file.ts'
import {LabError} from '../../lab/words/errors.ts'
import {allocation, owner, patroniYml, topology} from './a-lab.ts'

describe('whatever a person writes as a setting', () => {
  const hostsYaml = 'hosts: {node1: [etcd, patroni], proxy1: [haproxy], app1: [client]}\n'
  const cruel = fc.oneof(
    fc.string({unit: 'binary'}),
    fc
      .array(
        fc.constantFrom(
          ...[
            '\r',
            '\n',
            '\u0085',
            '\u2028',
            '\t',
            "'",
            '"',
            '\\',
            '$',
            '$$',
            ['$', '{HOME}'].join(''),
            '#',
            ': ',
            '- ',
            '*',
            '&',
            '|',
          ],
          ...[
            'services:',
            '  evil: {image: x, privileged: true}',
            '<<',
            'yes',
            '0x1',
            '{',
            '}',
            '[',
            ']',
            ',',
            'é',
            '👋',
          ],
        ),
        {maxLength: 8},
      )
      .map(parts => parts.join('')),
  )

  test('the compose file that is read back is the one that was meant, or the setting was refused', () => {
    let rendered = 0
    fc.assert(
      fc.property(cruel, fc.oneof(fc.constant('log_line_prefix'), cruel), (value, name) => {
        let topology: Topology
        try {
          topology = parseTopology('lab.yaml', hostsYaml, {set: [`postgresql.parameters.${name}=${value}`]})
        } catch (error) {
          expect(error).toBeInstanceOf(LabError)
          return
        }
        rendered++
        const given = allocation({app: value, superuser: value}, topology)
        const text = render(topology, given, owner)
        expect(text).not.toMatch(/[\r\u0085\u2028\u2029]/)
        for (const version of ['1.1', '1.2'] as const) {
          const file = parse(text, {version, merge: true})
          for (const config of Object.values<{content: string}>(file.configs))
            config.content = config.content.replaceAll('$$', '$')
          expect(file).toEqual(composeFile(topology, given, owner))
        }
        const config = patroniYml(text)
        expect(config.bootstrap.dcs.postgresql.parameters[name]).toBe(String(value))
        expect(config.postgresql.authentication.superuser.password).toBe(value)
      }),
      {numRuns: 300},
    )
    expect(rendered).toBeGreaterThan(30)
  })

  test('a key that JavaScript takes for a prototype is refused, not lost', () => {
    for (const key of ['postgresql.parameters.__proto__', 'hosts.__proto__', '__proto__.patroni'])
      expect(() => parseTopology('lab.yaml', hostsYaml, {set: [`${key}=x`]})).toThrow(/unknown key `__proto__`/)
  })

  test('a password that a reader could take for something else is refused, not printed', () => {
    for (const password of ['a\rb', 'a\u0085b', 'a\u2028b', 'a\nb'])
      expect(() => render(topology('fast'), allocation({app: password}), owner)).toThrow(/cannot stand/)
  })
})
