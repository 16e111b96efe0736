/** keepalived: whether the virtual address leaves a host whose proxy is dead, and has one holder. */
import {nearest} from '../../words/did-you-mean.ts'
import type {Word} from '../../words/place.ts'
import {keepalivedBlocks, keepalivedKnown, keepalivedWords} from '../keepalived-words.ts'
import {addressesOf, blocksOf, type KeepalivedBlock, valueIn} from '../read/keepalived.ts'
import type {Found, Rule} from '../rule.ts'
import {declaredWeight, groups, hasWeights, instances, priorityOf, tracked, tracking} from '../vrrp.ts'

export const keepalivedRules: readonly Rule[] = [
  {
    id: 'keepalived/unknown-word',
    severity: 'warning',
    about: 'a word that keepalived does not know, and nearly one that it knows: it passes over it',
    source: 'keepalived.conf(5); parser.c: Unknown keyword',
    fix: 'spell it as keepalived does',
    find: files =>
      files.keepalived.flatMap(file => [
        ...headsOf(file).flatMap(word => slip(word, keepalivedBlocks)),
        ...file.blocks.flatMap(block => {
          const known = Object.hasOwn(keepalivedWords, block.type) ? keepalivedWords[block.type] : undefined
          return known === undefined ? [] : headsOf(block).flatMap(word => slip(word, known))
        }),
      ]),
  },
  {
    id: 'keepalived/no-track-script',
    severity: 'error',
    about: 'nothing watches the proxy: the address stays on a host whose HAProxy is dead',
    source: 'keepalived.conf(5): track_script',
    fix: 'a vrrp_script that asks HAProxy, and track_script with it in the instance',
    find: files =>
      instances(files)
        .filter(
          one =>
            addressesOf(one.block).length > 0 &&
            !tracking(one).some(({type}) => /^track_(script|process|file)$/.test(type)),
        )
        .map(({block}) => ({place: block.place})),
  },
  {
    id: 'keepalived/track-script-outside',
    severity: 'error',
    about: 'track_script outside of an instance watches nothing',
    source: 'keepalived.conf(5): vrrp_instance',
    fix: 'move it into the vrrp_instance',
    find: files => files.keepalived.flatMap(file => blocksOf(file, 'track_script').map(({place}) => ({place}))),
  },
  {
    id: 'keepalived/track-script-unknown',
    severity: 'error',
    about: 'track_script names a script that is not declared: nothing is watched',
    source: 'keepalived.conf(5): vrrp_script',
    fix: 'declare it: vrrp_script NAME { ... }',
    find: files =>
      instances(files).flatMap(one => {
        const declared = blocksOf(one.file, 'vrrp_script').map(({name}) => name)
        return tracked(one)
          .filter(({name}) => !declared.includes(name.text))
          .map(({name}) => ({place: name.place, says: `no vrrp_script is called ${name.text}`}))
      }),
  },
  {
    id: 'keepalived/weight-below-gap',
    severity: 'error',
    about:
      'the weight of the script is not above the difference of the priorities: the address stays on a host whose proxy is dead',
    source: 'keepalived.conf(5): weight',
    fix: 'a weight above the difference of the priorities, or none: then a failed script means FAULT',
    find: files =>
      groups(files).flatMap(group => {
        const [best, next] = group.toSorted((a, b) => priorityOf(b.block) - priorityOf(a.block))
        if (best === undefined || next === undefined || !hasWeights(best)) return []
        const gap = priorityOf(best.block) - priorityOf(next.block)
        const weights = tracked(best).map(({name, weight}) => ({
          place: name.place,
          weight: weight ?? declaredWeight(best.file, name.text),
        }))
        // Of several scripts each takes its own weight away.
        return weights
          .filter(({weight}) => weight !== 0 && Math.abs(weight) <= gap)
          .map(({place, weight}) => ({
            place,
            says: `weight ${weight} is not above the difference of the priorities (${gap}): the address stays on a host whose proxy is dead`,
          }))
      }),
  },
  {
    id: 'keepalived/password-cut',
    severity: 'warning',
    about: 'only the first 8 characters of auth_pass count',
    source: 'keepalived.conf(5): auth_pass',
    fix: '8 characters; whom VRRP may reach is for the firewall',
    find: files =>
      instances(files).flatMap(({block}) =>
        blocksOf(block, 'authentication').flatMap(authentication => {
          const password = valueIn(authentication, 'auth_pass')
          return password !== undefined && password.text.length > 8 ? [{place: password.place}] : []
        }),
      ),
  },
  {
    id: 'keepalived/router-id-differs',
    severity: 'error',
    about: 'one virtual address with two virtual_router_ids: the hosts do not hear each other, and both hold it',
    source: 'keepalived.conf(5): virtual_router_id',
    fix: 'the same virtual_router_id on all hosts of an address',
    find: files =>
      groups(files).flatMap(group => {
        const ids = group.map(({block}) => valueIn(block, 'virtual_router_id'))
        if (new Set(ids.map(id => id?.text)).size < 2) return []
        return ids.slice(1).flatMap((id): Found[] =>
          id === undefined || id.text === ids[0]?.text
            ? []
            : [
                {
                  place: id.place,
                  says: `virtual_router_id ${id.text} here, ${ids[0]?.text ?? 'none'} in ${group[0]?.file.file} for the same address`,
                },
              ],
        )
      }),
  },
  {
    id: 'keepalived/both-master',
    severity: 'warning',
    about: 'state MASTER with the same priority on two hosts: both take the address when they start',
    source: 'keepalived.conf(5): state, priority',
    fix: 'BACKUP on all but one, and another priority on each',
    find: files =>
      groups(files).flatMap(group => {
        const masters = group.filter(({block}) => valueIn(block, 'state')?.text === 'MASTER')
        const [first, ...more] = masters
        const equal = more.filter(({block}) => first !== undefined && priorityOf(block) === priorityOf(first.block))
        return equal.map(({block}) => ({place: valueIn(block, 'state')?.place ?? block.place}))
      }),
  },
]

/** What each line and block begins with. */
function headsOf({lines, blocks}: Pick<KeepalivedBlock, 'lines' | 'blocks'>): readonly Word[] {
  return [
    ...lines.flatMap(([first]) => (first === undefined ? [] : [first])),
    ...blocks.map(({type, place}) => ({text: type, place})),
  ]
}

function slip({text, place}: Word, known: readonly string[]): Found[] {
  if (known.includes(text) || keepalivedKnown.has(text) || !/^[a-z]\w*$/i.test(text)) return []
  const meant = nearest(text, known)
  return meant === undefined
    ? []
    : [{place, says: `keepalived knows no \`${text}\`, did you mean \`${meant}\`?`, fix: meant}]
}
