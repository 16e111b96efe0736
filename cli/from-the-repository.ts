/** Where GitHub looks for a file: from the root of the repository, which need not be where we are. */
import {isAbsolute, relative, resolve, sep} from 'node:path'
import type {Report} from '../lab/index.ts'

/** A file that is no part of the repository (a scenario of ours, where we are installed as a package) has no place in it. */
export function fromTheRepository(report: Report): Report {
  const root = process.env.GITHUB_WORKSPACE
  if (!root || report.file === null) return report
  const file = relative(root, resolve(report.file))
  const parts = file.split(sep)
  const isTheirs = !isAbsolute(file) && parts[0] !== '..' && !parts.includes('node_modules')
  return {...report, file: isTheirs ? file : null}
}
