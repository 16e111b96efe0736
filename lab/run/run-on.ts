/** A command on one host, said by its name or by what it is right now. */
import {resolve} from '../cluster/selector.ts'
import type {Printed} from '../engine/docker.ts'
import type {Lab} from '../engine/lab.ts'
import {LabError} from '../words/errors.ts'

/** @throws LabError `usage` for a selector that means several hosts, `no-target` for one that means none right now. */
export async function runOn(lab: Lab, on: string, command: readonly string[]): Promise<Printed> {
  const [host, ...others] = await resolve(lab, on)
  if (host === undefined || others.length > 0)
    throw new LabError('usage', `\`${on}\` means ${others.length + 1} hosts, and a command is run on one`)
  return lab.engineOf(host).run((await lab.container(host)).id, command)
}
