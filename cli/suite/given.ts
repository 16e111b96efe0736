/** What is named to be shown together: runs, folders of runs, and what shards of a suite have left, each with the record of itself. */
import {existsSync, statSync} from 'node:fs'
import {resolve} from 'node:path'
import type {FoundRun} from '../../lab/index.ts'
import {
  evidenceOf,
  findRuns,
  type GivenRecord,
  mustBelongTogether,
  readRecord,
  recordsIn,
} from '../../lab/inside/reading.ts'
import {LabError} from '../../lab/inside/start.ts'

interface Given {
  /** Each once, however often it was named. */
  readonly found: readonly FoundRun[]
  readonly records: readonly GivenRecord[]
}

/** @throws LabError `usage` for what is no run, or no shard of one suite; `config` for a record that cannot be read. */
export async function given(written: readonly string[], lab: string): Promise<Given> {
  const all = written.map(one => (isFile(one, '.json') ? ofRecord(one) : ofPlace(one, lab)))
  const found = all.flatMap(one => one.found)
  const records = all.flatMap(one => one.records)
  mustBelongTogether(records)
  return {
    found: found.filter((one, index) => found.findIndex(({events}) => events === one.events) === index),
    records: records.filter(
      (one, index) => records.findIndex(({file}) => resolve(file) === resolve(one.file)) === index,
    ),
  }
}

/** A record that is named by itself leads to its runs. */
function ofRecord(file: string): Given {
  const record = readRecord(file)
  const places = record.scenarios.flatMap(({folder}) => (folder === null ? [] : (evidenceOf(file, folder) ?? [])))
  return {found: places.flatMap(place => findRuns(place)), records: [{file, record}]}
}

function ofPlace(place: string, lab: string): Given {
  const records = recordsIn(place)
    .map(file => ({file, record: readRecord(file)}))
    .filter(({record}) => record.shard !== null)
  return {found: records.length === 0 ? findRuns(place, lab) : runsIfAny(place, lab), records}
}

/** A shard that died before its first run has left its record alone. */
function runsIfAny(place: string, lab: string): readonly FoundRun[] {
  try {
    return findRuns(place, lab)
  } catch (error) {
    if (error instanceof LabError && error.code === 'usage') return []
    throw error
  }
}

function isFile(path: string, ending: string): boolean {
  return path.endsWith(ending) && existsSync(path) && statSync(path).isFile()
}
