/** `npm run build`, after the compiler: node cli/build/main.ts COMMAND-LINE PROGRAM... */
import {join} from 'node:path'
import {build} from './build.ts'

const root = join(import.meta.dirname, '..', '..')
const [commandLine = '', ...programs] = process.argv.slice(2)
await build({root, dist: join(root, 'dist'), commandLine, programs})
