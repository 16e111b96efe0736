/** The engines that labs lie on besides the one in use, as `doctor` tells of them. */
import {Docker} from '../engine/docker.ts'
import {addressOf} from '../engine/named.ts'
import {isBySsh} from '../engine/ssh.ts'
import {otherEngines} from '../state/engine-of-lab.ts'
import {LabError} from '../words/errors.ts'
import {shell} from '../words/next-step.ts'
import {askBySshLimitMs, askLimitMs, type Examined, sayLabs} from './examined.ts'

/** One that does not answer keeps no lab from being raised on the one in use. */
export function examineOtherEngines(): Promise<readonly Examined[]> {
  return Promise.all([...otherEngines()].map(([name, labs]) => examineOther(name, labs)))
}

async function examineOther(name: string, labs: readonly string[]): Promise<Examined> {
  const what = `engine ${name}`
  try {
    const docker = new Docker(name)
    const version = await docker.version(isBySsh(addressOf(name) ?? '') ? askBySshLimitMs : askLimitMs)
    const {says} = sayLabs((await docker.containers()).filter(one => labs.includes(one.lab)))
    return {what, state: 'ok', says: `${version}; ${says === '' ? `nothing of ${labs.join(', ')}` : says}`, fix: null}
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    const says = `where ${labs.join(', ')} ${labs.length === 1 ? 'is' : 'are'}: ${error.message}`
    return {what, state: 'warn', says, fix: error.next ?? shell('docker context ls')}
  }
}
