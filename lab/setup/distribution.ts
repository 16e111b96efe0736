/** Which packages of which distribution make a Docker engine with Compose v2; os-release(5) tells which one this is. */
import {existsSync, readFileSync} from 'node:fs'

export interface Distribution {
  readonly id: string
  /** e.g. bookworm; empty where os-release does not tell. */
  readonly codename: string
  /** Major version; null for testing and unstable, which have none. */
  readonly major: number | null
  readonly name: string
}

/** What to install, by what is missing. */
export interface Recipe {
  readonly engine: readonly string[]
  readonly client: string
  readonly compose: string
  /** This release's own packages are too old: take them from Debian 13's suite at the same mirror. */
  readonly fromTrixie: boolean
}

/** null on a system without os-release (macOS). */
export function thisDistribution(file = '/etc/os-release'): Distribution | null {
  return existsSync(file) ? parseOsRelease(readFileSync(file, 'utf8')) : null
}

export function parseOsRelease(text: string): Distribution {
  const field = (name: string) => new RegExp(`^${name}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1] ?? ''
  const major = Number.parseInt(field('VERSION_ID'), 10)
  return {
    id: field('ID'),
    codename: field('VERSION_CODENAME'),
    major: Number.isNaN(major) ? null : major,
    name: field('PRETTY_NAME') || field('ID') || 'this system',
  }
}

/**
 * Debian 12's docker.io is 20.10 and has no Compose v2; Debian 13's run on it with its own containerd and runc, because
 * they need libc >= 2.34 and no more. Ubuntu has Compose v2 since 22.04. null: we know no packages for it.
 */
export function recipeFor(system: Distribution): Recipe | null {
  const {id, major} = system
  if (id === 'debian' && (major === null || major >= 12))
    return {
      // iptables is only recommended by docker.io, and recommendations are not installed.
      engine: ['docker.io', 'docker-cli', 'docker-compose', 'docker-buildx', 'iptables'],
      client: 'docker-cli',
      compose: 'docker-compose',
      fromTrixie: major === 12,
    }
  if (id === 'ubuntu' && major !== null && major >= 22)
    return {
      engine: ['docker.io', 'docker-compose-v2', 'docker-buildx'],
      client: 'docker.io',
      compose: 'docker-compose-v2',
      fromTrixie: false,
    }
  return null
}

/** The page that says how to install Docker on a system that we don't do it for. */
export function installPage(system: Distribution | null): string {
  const base = 'https://docs.docker.com/'
  if (process.platform !== 'linux') return `${base}desktop/`
  return system && ['debian', 'ubuntu', 'fedora', 'rhel', 'centos', 'raspbian'].includes(system.id)
    ? `${base}engine/install/${system.id}/`
    : `${base}engine/install/`
}
