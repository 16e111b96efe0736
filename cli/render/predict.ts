/** A prediction for people: per fault a table of its phases with a chart, then what other settings would buy. Pure. */
import type {
  Bought,
  Distribution,
  LaidOver,
  PredictedFault,
  PredictedPhase,
  Prediction,
} from '../../lab/inside/reading.ts'
import {histogram} from '../../lab/inside/reading.ts'
import {printableValues} from '../../lab/inside/start.ts'
import {finished, type TextOptions} from './layout.ts'
import type {PredictionData} from './predict-json.ts'

export interface PredictView extends PredictionData {
  /** What a neighbouring loop_wait does, in a sentence. */
  readonly loopWait: string | null
}

interface Style {
  readonly width: number
  readonly levels: string
  /** Within the bounds, and no sample there. */
  readonly rare: string
  readonly mark: string
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

const second = 1_000_000

export function renderPrediction(predicted: PredictView, {color, width, ascii = false}: TextOptions): string {
  const view = printableValues(predicted)
  const sgr = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const style: Style = {
    width: Math.min(140, Math.max(72, width)),
    levels: ascii ? '-=#' : '▁▂▃▄▅▆▇█',
    rare: ascii ? '.' : '·',
    mark: ascii ? 'X' : '×',
    bold: sgr(1),
    dim: sgr(2),
  }
  const {prediction, bought, loopWait, laidOver, against, assumed = []} = view
  const blocks = [
    settings(prediction, style),
    assumed.flatMap(one => wrap(one, style.width)),
    ...(against ? [comparison(prediction, against, style)] : faults(prediction, laidOver, style)),
    runs(laidOver, style),
    against || prediction.faults.length < 2 ? [] : overview(prediction, style),
    against ? [] : table(bought, style),
    loopWait === null || against ? [] : wrap(loopWait, style.width),
  ]
  const text = `${blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n\n')}\n`
  return finished(text, {ascii})
}

function settings({topology, effective, adjustments}: Prediction, {width, bold, dim}: Style): string[] {
  const {interMs, fastinterMs, downinterMs, fall, rise, ...others} = topology.haproxy
  const {connectTimeoutMs, checkTimeoutMs, clientTimeoutMs, serverTimeoutMs, onMarkedDown} = others
  const {synchronousMode, primaryStartTimeoutSeconds, watchdog, watchdogSafetyMarginSeconds} = topology.patroni
  return [
    bold(
      `Patroni: ttl ${effective.ttlSeconds}s, loop_wait ${effective.loopWaitSeconds}s, retry_timeout ${effective.retryTimeoutSeconds}s, ` +
        `primary_start_timeout ${primaryStartTimeoutSeconds}s`,
    ),
    `  synchronous_mode ${synchronousMode}, watchdog ${watchdog}${watchdog === 'off' ? '' : ` (safety_margin ${watchdogSafetyMarginSeconds}s)`}`,
    bold(`HAProxy: inter ${say(interMs)}, fall ${fall}, rise ${rise}`),
    `  fastinter ${say(fastinterMs)}, downinter ${say(downinterMs)}, timeout connect ${say(connectTimeoutMs)}, timeout check ${say(checkTimeoutMs)}`,
    `  timeout client ${say(clientTimeoutMs)}, timeout server ${say(serverTimeoutMs)}, on-marked-down ${onMarkedDown}`,
    ...adjustments.flatMap(one => wrap(`${one}.`, width)),
    ...(adjustments.length > 0 ? wrap('`up` refuses such timings; this predicts what would run.', width) : []),
    ...wrap('Seconds after the fault, on a quiet machine: least, half of all runs, 19 of 20, most.', width).map(dim),
  ]
}

function say(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

function faults({faults}: Prediction, laidOver: readonly LaidOver[], style: Style): string[][] {
  const latest = Math.max(second, ...faults.flatMap(fault => fault.phases.map(({at}) => at.bounds[1])))
  return faults.map(fault =>
    oneFault(
      fault,
      laidOver.filter(one => one.fault === fault.name),
      // Faults of some seconds and faults of half a minute do not fit one scale.
      scaleOf(fault, latest),
      style,
    ),
  )
}

function scaleOf({phases}: PredictedFault, latest: number): number {
  const own = Math.max(0, ...phases.map(({at}) => at.bounds[1]))
  return own > latest / 4 ? latest : Math.max(second, own)
}

function oneFault(fault: PredictedFault, measured: readonly LaidOver[], scale: number, style: Style): string[] {
  const {bold, dim, width} = style
  const [first = '', ...more] = wrap(`${fault.name}  ${fault.about}`, width - 2)
  const title = [bold(fault.name) + first.slice(fault.name.length), ...more.map(line => `  ${line}`)]
  if (fault.outcome === 'none')
    return [...title, ...wrap(`No failover: ${fault.why}.`, width - 2).map(line => `  ${line}`)]
  const columns = chartColumns(style)
  const axis = `0${`${(scale / second).toFixed(0)} s`.padStart(columns - 1)}`
  const {length, begins} = fault.outage!
  const from = begins.bounds[1] === 0 ? '' : `, from ${range(begins)} on`
  const inPlace = fault.outcome === 'in-place' ? 'No failover: the same leader goes on. ' : ''
  return [
    ...title,
    dim(row('', ['least', 'p50', 'p95', 'most'], axis)),
    ...fault.phases.map(phase => phaseRow(phase, measured, scale, style)),
    ...wrap(
      `${inPlace}Clients cannot write for ${range(length)} (mean ${seconds(length.mean)} s)${from}.`,
      width - 2,
    ).map(line => `  ${line}`),
    ...fault.notes.flatMap(note => wrap(note, width - 4).map((line, index) => `  ${index === 0 ? '- ' : '  '}${line}`)),
  ]
}

const labelWidth = 32
const numberWidth = 7

function chartColumns({width}: Style): number {
  return width - 2 - labelWidth - 4 * numberWidth - 2
}

function row(label: string, numbers: readonly string[], chart: string): string {
  return `  ${label.padEnd(labelWidth)}${numbers.map(one => one.padStart(numberWidth)).join('')}  ${chart}`.trimEnd()
}

function phaseRow(
  {phase, label, at}: PredictedPhase,
  measured: readonly LaidOver[],
  scale: number,
  style: Style,
): string {
  const marks = measured.flatMap(one => one.phases[phase] ?? [])
  return row(label, numbersOf(at), chart(at, marks, scale, style))
}

function numbersOf({bounds, p50, p95}: Distribution): string[] {
  return [bounds[0], p50, p95, bounds[1]].map(seconds)
}

/** Where the samples fall, as heights; within the bounds but without samples, a dot; a measured run, a mark. */
function chart({bounds, samples}: Distribution, marks: readonly number[], scale: number, style: Style): string {
  const columns = chartColumns(style)
  const counts = histogram(samples, 0, scale, columns)
  const peak = Math.max(...counts)
  const columnOf = (at: number) => Math.min(columns - 1, Math.max(0, Math.floor((at / scale) * columns)))
  const [first, last] = bounds.map(columnOf) as [number, number]
  const cells = counts.map((count, column) => {
    if (count > 0) return style.levels[Math.ceil((count / peak) * style.levels.length) - 1]!
    return column >= first && column <= last ? style.rare : ' '
  })
  for (const at of marks) cells[columnOf(at)] = style.mark
  return cells.join('')
}

function runs(laidOver: readonly LaidOver[], {width, mark, bold}: Style): string[] {
  if (laidOver.length === 0) return []
  const lines = laidOver.map(({run, fault, why, phases, outside}) => {
    if (fault === null) return `${run}: laid over nothing, ${why}`
    const seen = Object.entries(phases)
      .map(([phase, at]) => `${phase} ${seconds(at)}`)
      .join(', ')
    return `${run} (${fault}): ${seen}; ${outside.length === 0 ? 'all within the model' : `OUTSIDE of the model: ${outside.join(', ')}`}`
  })
  return [
    bold(`Recorded runs (${mark} in the charts), seconds after the fault`),
    ...lines.flatMap(line => wrap(line, width - 4).map((part, index) => `  ${index > 0 ? '  ' : ''}${part}`)),
  ]
}

function overview({faults}: Prediction, style: Style): string[] {
  const known = faults.filter(fault => fault.outage !== null)
  if (known.length === 0) return []
  const scale = Math.max(second, ...known.map(fault => fault.outage!.length.bounds[1]))
  const axis = `0${`${(scale / second).toFixed(0)} s`.padStart(chartColumns(style) - 1)}`
  return [
    style.bold('How long clients cannot write'),
    style.dim(row('', ['least', 'p50', 'p95', 'most'], axis)),
    ...known.map(({name, outage}) => {
      const {length} = outage!
      return row(name, numbersOf(length), chart(length, [], scale, style))
    }),
  ]
}

function table(bought: readonly Bought[], {bold, dim}: Style): string[] {
  const [own, ...others] = bought
  if (!own) return []
  const cell = 10
  const line = (first: string, cells: readonly string[]) =>
    `  ${first.padEnd(24)}${cells.map(one => one.padStart(cell)).join('')}`
  return [
    bold('What other settings would buy: the mean of that time, and how it changes'),
    ...[0, 1].map(part =>
      dim(
        line(
          '',
          own.outages.map(({name}) => nameParts(name)[part]!),
        ).trimEnd(),
      ),
    ),
    line(
      own.says,
      own.outages.map(({mean}) => (mean === null ? '-' : `${seconds(mean)} s`)),
    ),
    ...others.map(({says, outages}) =>
      line(
        says,
        outages.map(({change}) => (change === null ? '-' : signed(change))),
      ),
    ),
  ]
}

/** A name of a fault is too long for one line of a column. */
function nameParts(name: string): readonly [string, string] {
  const at = name.lastIndexOf('-')
  return [name.slice(0, Math.max(0, at)), name.slice(at + 1)]
}

function comparison(
  {faults}: Prediction,
  {prediction, written}: NonNullable<PredictView['against']>,
  {bold, dim, width}: Style,
): string[] {
  const others = new Map(prediction.faults.map(fault => [fault.name, fault]))
  const line = (first: string, cells: readonly string[]) =>
    `  ${first.padEnd(28)}${cells.map(one => one.padStart(10)).join('')}`
  return [
    ...wrap(`How long clients cannot write, against ${written}`, width).map(bold),
    ...prediction.adjustments.flatMap(one => wrap(`  with ${written}: ${one}`, width)),
    dim(line('', ['p50', 'against', '', 'most', 'against'])),
    ...faults.map(({name, outage}) => {
      const other = others.get(name)?.outage
      if (!outage || !other) return line(name, [outage ? '' : 'no failover', '', other ? '' : 'no failover there'])
      const [a, b] = [outage.length, other.length]
      return line(name, [
        `${seconds(a.p50)} s`,
        `${seconds(b.p50)} s`,
        signed(b.p50 - a.p50),
        `${seconds(a.bounds[1])} s`,
        `${seconds(b.bounds[1])} s`,
        signed(b.bounds[1] - a.bounds[1]),
      ])
    }),
  ]
}

function seconds(micros: number): string {
  const text = (micros / second).toFixed(1)
  return text === '-0.0' ? '0.0' : text
}

/** `+2.5 s`, `-0.7 s`, `=` for what chance or rounding would make of nothing. */
function signed(micros: number): string {
  return Math.abs(micros) < 50_000 ? '=' : `${micros > 0 ? '+' : ''}${seconds(micros)} s`
}

function range({bounds: [min, max]}: Distribution): string {
  return `${seconds(min)} to ${seconds(max)} s`
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
