/** What a keepalived.conf says: kept, put otherwise, a stand-in, dropped, or said before all else. */
import {addressesOf, blocksOf, type KeepalivedBlock, type KeepalivedFile} from '../lint/read/keepalived.ts'
import type {Files} from '../lint/read/read.ts'
import {
  amountIn,
  commandOf,
  type Instance,
  instances,
  isSharing,
  preempts,
  type Sharing,
  scriptsOf,
  sharingOf,
  tracking,
  weightOf,
} from '../lint/vrrp.ts'
import {notifyScripts, type StandIn} from '../topology/kept.ts'
import {type Place, sayPlace, type Word} from '../words/place.ts'
import type {Change} from './change.ts'
import {isKnownKey} from './redact.ts'

interface Unlike {
  readonly place: Place
  readonly says: string
}

/** Each a sentence. Of their words only places. */
export function unlikeSharing(files: Files): readonly string[] {
  const sharing = sharingOf(files)
  if (sharing === undefined) return []
  if (!isSharing(sharing))
    return [
      `${sayPlace(sharing.place)}: the lab does not run keepalived: ${sharing.why}. Clients know the proxies themselves, and no address moves.`,
    ]
  const all = [
    ...sharing.group.flatMap(ofInstance),
    ...others(files, sharing),
    ...differing(sharing),
    ...files.keepalived.flatMap(ofFile),
  ]
  return [...Map.groupBy(all, ({says}) => says)].map(([says, alike]) => {
    const places = [...new Set(alike.map(({place}) => sayPlace(place)))]
    return `${places[0]}${places.length > 1 ? ` and ${places.length - 1} more` : ''}: ${says}.`
  })
}

function ofInstance(instance: Instance): readonly Unlike[] {
  const {block} = instance
  const [script, second] = scriptsOf(instance)
  const by = tracking(instance).find(({type}) => /^track_(process|file|interface|bfd)$/.test(type))
  return [
    ...(addressesOf(block).length > 1
      ? [{place: block.place, says: 'several addresses move together; the lab has one (virtual_ipaddress)'}]
      : []),
    ...(script === undefined ? [] : asking(script)),
    ...(second === undefined
      ? []
      : [{place: second.place, says: 'several programs have a say; in the lab one asks HAProxy (vrrp_script)'}]),
    ...(by === undefined
      ? []
      : [
          {
            place: by.place,
            says: `something else than a script has a say; in the lab one asks HAProxy, and nothing else (${by.type})`,
          },
        ]),
  ]
}

/** What looks for a process sees none that hangs. */
function asking(script: KeepalivedBlock): readonly Unlike[] {
  const looks = /\b(pgrep|pidof|killall|pkill|ps|systemctl|service)\b|kill\s+-0/.test(commandOf(script))
  return [
    {
      place: script.place,
      says: looks
        ? 'it is asked whether HAProxy is there: one that hangs keeps the address; in the lab it must answer, and gives the address up (vrrp_script)'
        : 'a program of yours says whether the address may stay; in the lab HAProxy is asked whether it answers (vrrp_script)',
    },
  ]
}

function others(files: Files, {group}: Sharing): readonly Unlike[] {
  const known = new Set(group.map(({block}) => block))
  const more = instances(files).filter(({block}) => !known.has(block) && addressesOf(block).length > 0)
  return more.map(({block}) => ({
    place: block.place,
    says: 'this is a second virtual address; the lab has one, that of the first instance (vrrp_instance)',
  }))
}

/** What one host says otherwise than the one with the highest priority, whose word is taken for all. */
function differing({group: [first, ...rest]}: Sharing): readonly Unlike[] {
  if (first === undefined) return []
  const said = (one: Instance): Readonly<Record<string, unknown>> => {
    const [script] = scriptsOf(one)
    const times = ['interval', 'fall', 'rise'].map(key => [key, amountIn(script, key).whole])
    return {
      advert_int: amountIn(one.block, 'advert_int').whole,
      nopreempt: preempts(one),
      weight: weightOf(one),
      vrrp_script: script !== undefined,
      ...Object.fromEntries(times),
    }
  }
  const taken = said(first)
  return rest.flatMap(one => {
    const own = said(one)
    const keys = Object.keys(taken).filter(key => own[key] !== taken[key])
    if (keys.length === 0) return []
    const what = `${keys.join(', ')} ${keys.length === 1 ? 'is' : 'are'}`
    return [
      {
        place: one.block.place,
        says: `${what} not what ${sayPlace(first.block.place)} has; the lab has that for all hosts`,
      },
    ]
  })
}

function ofFile({blocks, lines}: KeepalivedFile): readonly Unlike[] {
  const groups = blocksOf({blocks}, 'vrrp_sync_group').filter(
    one => blocksOf(one, 'group').flatMap(group => group.lines).length > 1,
  )
  const servers = blocks.filter(({type}) => /^virtual_server(_group)?$/.test(type))
  const includes = lines.flatMap(([key]) => (key !== undefined && /^include/.test(key.text) ? [key.place] : []))
  return [
    ...groups.map(({place}) => ({place, says: 'instances move together; the lab has one (vrrp_sync_group)'})),
    ...servers.map(({place}) => ({
      place,
      says: 'keepalived leads clients itself here; in the lab only HAProxy does (virtual_server)',
    })),
    ...includes.map(place => ({place, says: 'another file is a part of this one, and is not read (include)'})),
  ]
}

type Rule = readonly [pattern: RegExp, how: 'kept' | Change['how'], why?: string]

/** By key, in whatever block; the first that fits. What none fits is dropped. */
const rules: readonly Rule[] = [
  [/^(priority|advert_int|nopreempt|fall|rise|weight|interval)$/, 'kept'],
  [/^state$/, 'kept otherwise', 'all begin as a backup, and the highest priority takes the address'],
  [
    /^(interface|virtual_router_id|unicast_src_ip|mcast_src_ip|router_id|dev|label)$/,
    'kept otherwise',
    "addresses and devices are the lab's own",
  ],
  [/^script$/, 'kept otherwise', 'nothing of yours is run: the lab asks HAProxy whether it answers'],
  [/^(script_user|enable_script_security|timeout|init_fail|user)$/, 'kept otherwise', "it is the lab's own"],
  [/^(auth_type|auth_pass)$/, 'dropped', 'hosts of the lab ask each other for no password'],
  [/^(preempt_delay|garp_\w+|vrrp_\w+|version|accept|dont_track_primary)$/, 'dropped', "the lab has keepalived's own"],
]

/** Blocks whose lines are places, each told as one. */
const wholes: Readonly<Record<string, string>> = {
  virtual_ipaddress: "the address is the lab's own",
  virtual_ipaddress_excluded: 'the lab has one address',
  unicast_peer: "hosts find each other at the lab's addresses",
  authentication: 'hosts of the lab ask each other for no password',
  track_script: 'the lab has one script, which asks HAProxy whether it answers',
}

export function fromKeepalived(files: Files): {
  readonly standIns: readonly StandIn[]
  readonly changes: readonly Change[]
} {
  const sharing = sharingOf(files)
  if (!isSharing(sharing)) return {standIns: [], changes: []}
  const changes: Change[] = []
  const standIns = new Set<StandIn>()
  for (const file of files.keepalived) {
    tellLines(file.lines)
    for (const block of file.blocks) tellBlock(block)
  }
  const isUnicast = sharing.group.every(({block}) => blocksOf(block, 'unicast_peer').length > 0)
  const [first] = sharing.group
  if (!isUnicast && first !== undefined)
    changes.push({
      place: first.block.place,
      what: 'vrrp_instance',
      how: 'kept otherwise',
      why: 'hosts of the lab tell each other by unicast, and yours all by multicast',
    })
  return {standIns: [...standIns], changes}

  function tellBlock(block: KeepalivedBlock): void {
    const why = Object.hasOwn(wholes, block.type) ? wholes[block.type] : undefined
    if (why !== undefined) {
      changes.push({place: block.place, what: block.type, how: 'kept otherwise', why})
      return
    }
    tellLines(block.lines)
    for (const inner of block.blocks) tellBlock(inner)
  }

  function tellLines(lines: KeepalivedBlock['lines']): void {
    for (const [key] of lines) if (key !== undefined) tellLine(key)
  }

  function tellLine({text, place}: Word): void {
    const script = notifyScripts.find(one => one === text)
    if (script !== undefined) {
      standIns.add(script)
      const why = 'a program of yours: what the lab runs in its place writes down that it was called'
      changes.push({place, what: text, how: 'stand-in', why})
      return
    }
    const [, how, why = ''] = rules.find(([pattern]) => pattern.test(text)) ?? ([/./, 'dropped'] as const)
    const isKnown = isKnownKey(text) || rules.some(([pattern]) => pattern.test(text))
    if (how === 'kept') return
    changes.push({
      place,
      what: isKnown ? text : 'a setting',
      how,
      why: why === '' ? 'the lab has nothing that it would be for' : why,
    })
  }
}
