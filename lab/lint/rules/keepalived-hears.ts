/** keepalived: whether the hosts of one virtual address hear each other. Who hears nobody takes the address too. */
import type {Word} from '../../words/place.ts'
import {blocksOf, type KeepalivedFile, valueIn} from '../read/keepalived.ts'
import type {Found, Rule} from '../rule.ts'
import {groups, type Instance} from '../vrrp.ts'

export const keepalivedHears: readonly Rule[] = [
  {
    id: 'keepalived/password-differs',
    severity: 'error',
    about: 'one virtual address with two passwords: each host drops what the other one says, and both hold it',
    source: 'keepalived, vrrp.c: vrrp_check_packet; keepalived.conf(5): auth_pass',
    fix: 'the same auth_type and auth_pass on all hosts of an address',
    // What it is stays out of the words.
    find: files =>
      groups(files).flatMap(group => differing(group.filter(isSecond), authenticationOf, 'authentication is')),
  },
  {
    id: 'keepalived/advert-interval-differs',
    severity: 'error',
    about: 'one virtual address with two advert_ints: each host drops what the other one says, and both hold it',
    source: 'keepalived, vrrp.c: vrrp_check_packet, of version 2; of version 3 it only logs it',
    fix: 'the same advert_int on all hosts of an address',
    find: files => groups(files).flatMap(group => differing(group.filter(isSecond), advertInterval, 'advert_int is')),
  },
  {
    id: 'keepalived/version-differs',
    severity: 'error',
    about: 'one virtual address with two versions of VRRP: the hosts do not understand each other, and both hold it',
    source: 'keepalived, vrrp.c: vrrp_check_packet; keepalived.conf(5): version, vrrp_version',
    fix: 'the same version on all hosts of an address',
    find: files =>
      groups(files).flatMap(group =>
        differing(
          group,
          ({block, file}) => word(versionOf({block, file}), valueIn(block, 'version')),
          'the version is',
        ),
      ),
  },
  {
    id: 'keepalived/peer-not-named',
    severity: 'error',
    about: 'this host tells its peers and not all hosts of the address: whom it does not tell holds the address, too',
    source: 'keepalived.conf(5): unicast_peer, unicast_src_ip; vrrp.c: vrrp_send_adv',
    fix: 'in unicast_peer of each host the unicast_src_ip of every other one, and on all of them or none',
    find: files => groups(files).flatMap(unheard),
  },
]

/** Version 3 knows no passwords, and takes the interval of who speaks. */
function isSecond(instance: Instance): boolean {
  return versionOf(instance) === '2'
}

function versionOf({block, file}: Instance): string {
  const addresses = blocksOf(block, 'virtual_ipaddress').flatMap(({lines}) => lines.flat())
  const said = valueIn(block, 'version') ?? globally(file, 'vrrp_version')
  // Of addresses of IPv6 there is only that.
  return said?.text ?? (addresses.some(({text}) => /^[\da-f]*:[\da-f:]+(\/\d+)?$/i.test(text)) ? '3' : '2')
}

function globally(file: KeepalivedFile, key: string): Word | undefined {
  return blocksOf(file, 'global_defs').flatMap(block => valueIn(block, key) ?? [])[0]
}

interface Said {
  readonly text: string
  readonly word: Word | undefined
}

function word(text: string, of: Word | undefined): Said {
  return {text, word: of}
}

/** Only eight characters of a password count. */
function authenticationOf({block}: Instance): Said {
  const [authentication] = blocksOf(block, 'authentication')
  if (authentication === undefined) return word('', undefined)
  const [type, password] = ['auth_type', 'auth_pass'].map(key => valueIn(authentication, key))
  return word(`${type?.text.toUpperCase()} ${password?.text.slice(0, 8)}`, password ?? type)
}

function advertInterval({block}: Instance): Said {
  const said = valueIn(block, 'advert_int')
  return word(String(Number(said?.text ?? 1)), said)
}

function differing(group: readonly Instance[], of: (one: Instance) => Said, what: string): Found[] {
  const [first, ...others] = group
  if (first === undefined) return []
  return others.flatMap(one => {
    const said = of(one)
    if (said.text === of(first).text) return []
    return [
      {
        place: said.word?.place ?? one.block.place,
        says: `${what} not that of ${first.file.file} for the same address: the hosts do not hear each other, and both hold it`,
      },
    ]
  })
}

/** Of each host the others that it does not tell; of a host that does not say from where it speaks nobody knows. */
function unheard(group: readonly Instance[]): Found[] {
  const peersOf = ({block}: Instance) => blocksOf(block, 'unicast_peer')
  return group.flatMap(one => {
    const [peers] = peersOf(one)
    const others = group.filter(other => other !== one)
    const silent = others.find(other => peersOf(other).length === 0)
    if (peers === undefined) return []
    if (silent !== undefined)
      return [{place: peers.place, says: `unicast_peer here, and none in ${silent.file.file}: there it is multicast`}]
    const told = new Set(peers.lines.flatMap(([address]) => address?.text ?? []))
    const missing = others.find(other => {
      const own = valueIn(other.block, 'unicast_src_ip')
      return own !== undefined && !told.has(own.text)
    })
    if (missing === undefined) return []
    const from = valueIn(missing.block, 'unicast_src_ip')?.text
    return [
      {
        place: peers.place,
        says: `unicast_peer lacks ${from}, from which ${missing.file.file} speaks: that host is told nothing, and holds the address too`,
      },
    ]
  })
}
