/**
 * A network of a test's own that its engines and this machine are in, as machines of one rack are: a bridge in a namespace of its own,
 * where no rule of this machine's engine is in the way. It goes with `dispose`, and what a killed test has left with the next `start`.
 */
import {existsSync} from 'node:fs'
import {execa} from 'execa'

export class OwnLan implements AsyncDisposable {
  readonly name: string
  readonly #prefix = '10.251.200'

  private constructor(name: string) {
    this.name = name
  }

  static async start(name = 'pgha-own-lan'): Promise<OwnLan> {
    const lan = new OwnLan(name)
    await lan[Symbol.asyncDispose]()
    const ip = (...words: readonly string[]) => execa('ip', [...words])
    await ip('netns', 'add', name)
    await ip('-n', name, 'link', 'add', 'br0', 'type', 'bridge')
    await ip('-n', name, 'link', 'set', 'br0', 'up')
    await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'machine', 'netns', name)
    await ip('address', 'add', `${lan.addressOf(0)}/24`, 'dev', name)
    await ip('link', 'set', name, 'up')
    await lan.#plugIn('machine')
    return lan
  }

  /** Of the engine with this number, from 1; 0: this machine. */
  addressOf(number: number): string {
    return `${this.#prefix}.${number === 0 ? 254 : number}`
  }

  /** A cable to a namespace, which has its end as eth0. It goes with the namespace. */
  async connect(namespace: string, number: number): Promise<void> {
    const port = `port${number}`
    const ip = (...words: readonly string[]) => execa('ip', [...words])
    await ip('-n', this.name, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    await ip('-n', namespace, 'address', 'add', `${this.addressOf(number)}/24`, 'dev', 'eth0')
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up')
    await this.#plugIn(port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(`/run/netns/${this.name}`)) await execa('ip', ['netns', 'delete', this.name])
    await execa('ip', ['link', 'delete', this.name], {reject: false}) // gone with the namespace, as a rule
  }

  async #plugIn(port: string): Promise<void> {
    await execa('ip', ['-n', this.name, 'link', 'set', port, 'master', 'br0', 'up'])
  }
}
