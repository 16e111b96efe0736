/** What an engine may be called: a Docker context, or an address as DOCKER_HOST has it. */

const schemes = /^(?:unix|npipe|tcp|http|https|ssh):\/\/./
/** docker/cli, `cli/context/store`: restrictedNamePattern. */
const contextName = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/

export const anEngine = 'a Docker context, or an address: unix:///run/docker.sock, tcp://127.0.0.1:2375, ssh://me@there'

/** Neither a flag nor a second line can be made of one that is either. */
export function isEngineName(name: string): boolean {
  return contextName.test(name) || (schemes.test(name) && /^[\x21-\x7e]{1,4096}$/.test(name))
}
