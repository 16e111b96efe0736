/** Whether a folder holds something of ours: by what its files say, since other tools call theirs report.json, too. */
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {constants, gunzipSync} from 'node:zlib'
import {z} from 'zod'
import {readRegular, readRegularBytes} from '../words/regular-file.ts'

export interface OwnRun {
  /** Whose logs it may hold: the run's hosts and programs. */
  readonly logsOf: ReadonlySet<string>
}

const first = z.looseObject({
  kind: z.enum(['run-started', 'never-began']),
  run: z.string(),
  scenario: z.looseObject({clients: z.array(z.looseObject({name: z.string().optional()})).default([])}),
  topology: z.looseObject({hosts: z.array(z.looseObject({name: z.string()}))}).optional(),
})
/** Of a run, and of several. */
const report = z.looseObject({
  schema: z.literal(1),
  run: z.string(),
  verdict: z.string(),
  eventsSha256: z.string().nullable(),
})
const summary = z.looseObject({
  schema: z.literal(1),
  verdict: z.string(),
  asked: z.number(),
  runs: z.array(z.unknown()),
})

/** The scenario and the topology of a run are in its first line. */
const mostFirstBytes = 2 ** 20
/** Those of long storms have a few megabytes. */
const mostReportBytes = 64 * 2 ** 20

/** null: nothing that lies in it says that it is of ours. */
export function ownRun(folder: string): OwnRun | null {
  const begun = first.safeParse(json(firstLine(folder))).data
  if (begun !== undefined) {
    const {scenario, topology} = begun
    const programs = scenario.clients.flatMap(({name}) => name ?? [])
    return {logsOf: new Set([...(topology?.hosts ?? []).map(host => host.name), ...programs])}
  }
  const isOwn = (name: string, schema: z.ZodType) => schema.safeParse(json(textOf(folder, name))).success
  return isOwn('report.json', report) || isOwn('summary.json', summary) ? {logsOf: new Set()} : null
}

function firstLine(folder: string): string | undefined {
  const plain = textOf(folder, 'events.ndjson', mostFirstBytes)
  if (plain !== undefined) return plain.split('\n')[0]
  const packed = join(folder, 'events.ndjson.gz')
  if (!existsSync(packed)) return undefined
  try {
    const bytes = readRegularBytes(packed, mostFirstBytes)
    const unpacked = gunzipSync(bytes, {finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 8 * mostFirstBytes})
    return unpacked.toString('utf8').split('\n')[0]
  } catch {
    return undefined // no file of ours
  }
}

function textOf(folder: string, name: string, mostBytes = mostReportBytes): string | undefined {
  try {
    return readRegular(join(folder, name), mostBytes).text
  } catch {
    return undefined // not there, or no file
  }
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
