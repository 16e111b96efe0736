/** A process that takes the lock of lab `x` when it is told to, at the very moment it is told, and keeps it until it is killed. */
import {createInterface} from 'node:readline'
import {LabError} from '../../lab/errors.ts'
import {lockLab} from '../../lab/lock.ts'

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
