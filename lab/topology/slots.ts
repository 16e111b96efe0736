/** Permanent replication slots of a topology: what cannot be. */
import {type HostName, hostsWith, type Topology, withParameters} from './topology.ts'

/** Patroni's name for the slot through which a member follows (`dcs/__init__.py: slot_name_from_member_name`). */
export function slotOfMember(member: HostName): string {
  return member.toLowerCase().replace(/[-. ]/g, '_')
}

/** The slots of members are Patroni's own, and PostgreSQL makes logical ones only where it logs enough for them. */
export function slotMistakes(topology: Topology): {readonly path: readonly string[]; readonly says: string}[] {
  const members = new Set(hostsWith(topology, 'patroni').map(slotOfMember))
  const written = Object.entries(topology.postgresParameters).map(([name, value]) => [name.toLowerCase(), value])
  const level = withParameters({wal_level: 'replica'}, Object.fromEntries(written)).wal_level!
  return Object.entries(topology.patroni.slots ?? {}).flatMap(([name, {type}]) => {
    const path = ['patroni', 'slots', name]
    if (members.has(name))
      return [{path, says: `\`${name}\` is the slot through which that member follows: Patroni has it anyway`}]
    if (type === 'physical' || level.toLowerCase() === 'logical') return []
    const says = `a logical slot needs \`postgresql: {parameters: {wal_level: logical}}\`: with ${level} PostgreSQL makes none`
    return [{path, says}]
  })
}
