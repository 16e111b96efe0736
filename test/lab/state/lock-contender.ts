/** A process that takes the lock of lab `x` when it is told to, at the very moment it is told, and keeps it until it is killed. */
import {createInterface} from 'node:readline'
import {lockLab} from '../../../lab/state/lock.ts'
import {LabError} from '../../../lab/words/errors.ts'

process.stdout.write('ready\n')
for await (const line of createInterface({input: process.stdin})) {
  const atMs = Number(line)
  while (Date.now() < atMs); // all at once, which waking up from a timer is not
  try {
    lockLab('x', 'up')
    process.stdout.write('got\n')
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'busy') throw error
    process.stdout.write(`${error.message}\n`)
  }
}
