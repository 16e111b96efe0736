/** Where the package lies: scenarios, presets and images are found from here, built (dist/lab) or not (lab). */
import {existsSync} from 'node:fs'
import {dirname, join} from 'node:path'

export const packageRoot = find(import.meta.dirname)

function find(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  return find(dirname(folder))
}
