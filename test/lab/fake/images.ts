/** The images that the fake engine has. */
import type {ImageFound} from '../../../lab/engine/docker.ts'

export const images = {host: 'pgha-lab/host:trixie-0123456789ab', app: 'pgha-lab/app:0123456789ab'} as const

export abstract class FakeImages {
  readonly present = new Set<string>(Object.values(images))

  /** One call to the engine. */
  protected abstract call(what: string): Promise<void>

  async hasImage(tag: string): Promise<boolean> {
    return (await this.image(tag)) !== null
  }

  async image(reference: string): Promise<ImageFound | null> {
    await this.call('image')
    if (!this.present.has(reference)) return null
    return {id: `sha256:${'0'.repeat(64)}`, createdAt: 0, labels: {}, tags: [reference], digests: []}
  }

  async taggedImages(): Promise<string[]> {
    await this.call('images')
    return [...this.present]
  }

  async tagImage(_reference: string, tag: string): Promise<void> {
    await this.call(`tag ${tag}`)
    this.present.add(tag)
  }

  async removeImage(tag: string): Promise<boolean> {
    await this.call(`remove image ${tag}`)
    return this.present.delete(tag)
  }
}
