/** Images: found, tagged, removed. */
import {gone, hasStatus, type Requests} from './requests.ts'

export interface ImageFound {
  /** `sha256:<64 hex>` */
  readonly id: string
  /** ms since 1970. */
  readonly createdAt: number
  readonly labels: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  /** `repository@sha256:<64 hex>`, where it came from a registry. */
  readonly digests: readonly string[]
}

/** What the engine has of images. */
export interface Images {
  hasImage(tag: string): Promise<boolean>

  /** By its tag or id; null when it is not here. */
  image(reference: string): Promise<ImageFound | null>

  /** The tags of all images with this label. */
  taggedImages(label: string): Promise<string[]>

  /** @param tag `repository:tag`; it is taken from the image that had it. */
  tagImage(reference: string, tag: string): Promise<void>

  /** The image goes with its last tag, unless a container uses it: then the tag stays too, and the answer is false. */
  removeImage(tag: string): Promise<boolean>
}

export class ImagesOfEngine implements Images {
  readonly #engine: Requests

  constructor(engine: Requests) {
    this.#engine = engine
  }

  async hasImage(tag: string): Promise<boolean> {
    return (await this.image(tag)) !== null
  }

  async image(reference: string): Promise<ImageFound | null> {
    return this.#engine.say('looking for an image', async () => {
      try {
        const {Id, Created, Config, RepoTags, RepoDigests} = await this.#engine.api.getImage(reference).inspect()
        return {
          id: Id,
          createdAt: Date.parse(Created),
          labels: Config?.Labels ?? {},
          tags: RepoTags ?? [],
          digests: RepoDigests ?? [],
        }
      } catch (error) {
        if (hasStatus(error, 404)) return null
        throw error
      }
    })
  }

  async taggedImages(label: string): Promise<string[]> {
    const found = await this.#engine.say('listing images', () =>
      this.#engine.api.listImages({filters: {label: [label]}}),
    )
    return found.flatMap(one => one.RepoTags ?? [])
  }

  async tagImage(reference: string, tag: string): Promise<void> {
    const [repo = '', name = 'latest'] = tag.split(':')
    await this.#engine.change('tagging an image', () => this.#engine.api.getImage(reference).tag({repo, tag: name}))
  }

  async removeImage(tag: string): Promise<boolean> {
    return this.#engine.change('removing an image', async () => {
      const found = await this.image(tag)
      const containers = await this.#engine.api.listContainers({all: true})
      if (found === null || containers.some(one => one.ImageID === found.id)) return false
      await gone(this.#engine.api.getImage(tag).remove())
      return true
    })
  }
}
