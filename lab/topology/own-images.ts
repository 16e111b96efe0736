/** Images of somebody's own for the hosts that run a service: a build of PostgreSQL with their extension, another HAProxy. */
import {z} from 'zod'
import {type SupervisedName, supervisedNames} from './services.ts'
import type {Host, Topology} from './topology.ts'

/** As `docker run` takes one: never an option. */
const reference = z
  .string({error: 'an image has a name, such as my/postgres-host:1'})
  .regex(/^[a-z0-9][\w./:@-]{0,254}$/i, 'an image has a name, such as my/postgres-host:1')

const ofEach = Object.fromEntries(supervisedNames.map(name => [name, reference.optional()])) as Record<
  SupervisedName,
  z.ZodOptional<typeof reference>
>

/** What a lab.yaml says: by service, the image of each host that runs it. */
export const imagesSetting = z.strictObject(ofEach)

/** As a file of ours has them. */
export const ownImagesSchema = z.partialRecord(z.enum(supervisedNames), reference)
export type OwnImages = z.output<typeof ownImagesSchema>

interface Layer {
  readonly images?: z.output<typeof imagesSetting> | undefined
}

/** Later layers win, service by service. */
export function imagesOf(layers: readonly Layer[]): Pick<Topology, 'images'> {
  const all = Object.assign({}, ...layers.map(({images}) => images)) as Layer['images'] & object
  const said = Object.entries(all).filter(([, image]) => image !== undefined)
  return said.length === 0 ? {} : {images: Object.fromEntries(said) as OwnImages}
}

/** That of its services, which is one; undefined: the lab's. */
export function ownImageOf({images = {}}: Pick<Topology, 'images'>, {services}: Pick<Host, 'services'>) {
  return supervisedNames.find(name => services.includes(name) && images[name] !== undefined)
}

/** Images that nobody would run, two for one host, and a Patroni that is said twice. */
export function imageMistakes({images = {}, hosts, patroniBuild}: Topology) {
  const said = supervisedNames.flatMap(name => (images[name] === undefined ? [] : [{name, image: images[name]}]))
  const unused = said
    .filter(({name}) => !hosts.some(({services}) => services.includes(name)))
    .map(({name}) => ({path: ['images', name], says: `no host runs ${name}, so nobody would run this image`}))
  const torn = hosts.flatMap(({name: host, services}) => {
    const own = said.filter(({name}) => services.includes(name))
    const other = own.find(({image}) => image !== own[0]?.image)
    if (other === undefined) return []
    const says = `${host} is one container, and so has one image: ${own[0]?.name} and ${other.name} on it want two`
    const hint = 'build one image that has both, and name it for both services'
    return [{path: ['images', other.name], says, hint}]
  })
  const beside = said.find(({name}) =>
    hosts.some(({services}) => services.includes('patroni') && services.includes(name)),
  )
  const says = 'its hosts run the Patroni of this image, and patroni.build names another one: say one of them'
  const twice =
    patroniBuild === undefined || beside === undefined
      ? []
      : [{path: ['images', beside.name], beside: [['patroni', 'build']], says}]
  return [...unused, ...torn.slice(0, 1), ...twice]
}
