/** `ask-rehearsal.mjs SOCKET WORDS...`: has the rehearsal (rehearse.ts) run a command line, and ends as it did. */
import {connect} from 'node:net'
import {text} from 'node:stream/consumers'

const [socket, ...words] = process.argv.slice(2)
const asking = connect(socket)
asking.end(JSON.stringify({words, cwd: process.cwd(), env: process.env}))
const {code, out, err} = JSON.parse(await text(asking))
process.stdout.write(out)
process.stderr.write(err)
process.exitCode = code
