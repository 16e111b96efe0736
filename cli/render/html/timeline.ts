/** The timeline: a lane for each host, the proxy's choice, the clients' throughput and latency, all over the same time. */

import type {Micros, Report, Verdict} from '../../../lab/index.ts'
import {sayMicros} from '../../../lab/inside/start.ts'
import type {Bucket, Buckets} from '../buckets.ts'
import type {Lanes} from '../lanes.ts'
import {sayMoment} from '../moment.ts'
import type {Gap} from '../write-gaps.ts'
import {html, type Markup} from './markup.ts'
import {Scale, zooms} from './scale.ts'
import {answerStretch, roleStretches, routeOf, type Stretch, writeStretches} from './stretches.ts'

/** A phase of the failover: a line through all lanes, labelled. */
export interface Mark {
  readonly at: Micros
  readonly name: string
  readonly verdict: Verdict
  /** The row of the table that explains it. */
  readonly href: string
}

interface TimelineData {
  readonly lanes: Lanes
  readonly gaps: readonly Gap[]
  readonly buckets: Buckets
  readonly faults: Report['faults']
  readonly marks: readonly Mark[]
  readonly zero: Micros
  /** Moments that the page's text links to. */
  readonly linked: readonly Micros[]
}

export function timeline(data: TimelineData): Markup {
  const {lanes, zero, linked} = data
  const scale = new Scale(lanes.from, lanes.to)
  const drawing = new Drawing(scale, zero)
  drawing.axis()
  drawing.faults(data.faults)
  drawing.marks(data.marks)
  for (const lane of lanes.hosts) {
    drawing.label(lane.host, 'name', 14)
    if (lane.role.length > 0) drawing.stretches(roleStretches(lane.host, lane.role), 20)
    if (lane.role.length > 0) {
      drawing.space(3)
      drawing.label('leader key', 'row', 8)
      drawing.stretches(
        lane.key.map(one => ({
          ...one,
          lane: `${lane.host} leader key`,
          look: 'key',
          says: `${lane.host} holds the leader key`,
        })),
        8,
      )
    }
    drawing.space(4)
    drawing.label('answers', 'row', 8)
    drawing.stretches(
      lane.answers.map(one => answerStretch(lane.host, one)),
      8,
    )
    drawing.space(14)
  }
  for (const {proxy, routed} of lanes.proxies) {
    drawing.label(proxy, 'name', 14)
    drawing.stretches(
      routed.map(one => ({...routeOf(proxy, one), lane: `${proxy} sends writes to`, from: one.from, to: one.to})),
      18,
    )
    drawing.space(13)
  }
  drawing.label('writes', 'name', 14)
  drawing.stretches(writeStretches(data.gaps, data.buckets, lanes), 18)
  drawing.space(18)
  drawing.throughput(data.buckets)
  drawing.space(16)
  drawing.latency(data.buckets)
  drawing.space(8)
  drawing.moments(linked)
  return frame(drawing, scale, data)
}

function frame(drawing: Drawing, scale: Scale, {lanes, gaps, zero}: TimelineData): Markup {
  const longest = gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0]
  const summary = `${lanes.hosts.length} hosts over ${sayMicros(lanes.to - lanes.from)}. ${
    longest
      ? `The longest pause between two acknowledged writes is ${sayMicros(longest.to - longest.from)}, from ${sayMoment(longest.from, zero)} to ${sayMoment(longest.to, zero)}.`
      : 'Writes never paused for longer than 0.25 s.'
  }`
  return html`<figure class="timeline" style="--height:${drawing.height}px" data-range="${JSON.stringify({from: lanes.from, to: lanes.to, zero})}">
<div class="toolbar">
<fieldset class="zoom"><legend>Zoom</legend>${scale.zooms.map(
    zoom =>
      html`<label><input type="radio" name="zoom" id="zoom-${zoom}" value="${zoom}"${zoom === 1 ? checked : null}><span>${zoom}×</span></label>`,
  )}</fieldset>
<p class="keys scripted" hidden>Point at the timeline, or focus it and press <kbd>←</kbd> <kbd>→</kbd> (<kbd>Shift</kbd> for larger steps), <kbd>+</kbd> <kbd>−</kbd> to zoom.</p>
</div>
<p class="further"><span aria-hidden="true">↔</span> It is wider than the screen: scroll it sideways.</p>
<div class="lanes">
<svg class="names" width="100%" height="${drawing.height}" aria-hidden="true">${drawing.names}</svg>
<div class="scroller" tabindex="0" role="group" aria-label="Timeline. ${summary} The same as a table stands below.">
<svg class="plot" width="100%" height="${drawing.height}">
<defs>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line y2="7" class="hatch-line"/></pattern>
<pattern id="hatch-bad" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line y2="8" class="hatch-bad-line"/></pattern>
<pattern id="bars" width="6" height="6" patternUnits="userSpaceOnUse"><line y2="6" x1="2" x2="2" class="hatch-line"/></pattern>
</defs>
${drawing.shapes}
</svg>
</div>
</div>
<p class="readout scripted" role="status" hidden></p>
${legend}
<details class="as-table"><summary>The lanes as a table</summary>
<table><caption>${summary}</caption>
<thead><tr><th scope="col">lane</th><th scope="col">from</th><th scope="col">to</th><th scope="col">what</th></tr></thead>
<tbody>${drawing.told.map(
    one =>
      html`<tr><th scope="row">${one.lane}</th><td class="num">${sayMoment(one.from, zero)}</td><td class="num">${sayMoment(one.to, zero)}</td><td>${one.says}</td></tr>`,
  )}</tbody></table></details>
</figure>`
}

const checked = html` checked`

const legend = html`<ul class="legend" aria-label="Legend">
<li><i class="swatch leader"></i>leader, takes writes</li>
<li><i class="swatch primary"></i>takes writes without the leader key</li>
<li><i class="swatch replica"></i>replica</li>
<li><i class="swatch silent"></i>no answer</li>
<li><i class="swatch stopped"></i>host down</li>
<li><i class="swatch key"></i>holds the leader key</li>
<li><i class="swatch fault"></i>a fault is in force</li>
<li><i class="swatch gap"></i>no write acknowledged</li>
<li><i class="swatch writes"></i>acknowledged writes/s</li>
<li><i class="swatch reads"></i>reads/s</li>
<li><i class="swatch failures"></i>failed or no answer, downwards</li>
<li><i class="swatch latency"></i>write latency, p50 to p95</li>
<li><i class="swatch latency-max"></i>slowest write</li>
</ul>`

/** Gathers shapes from the top to the bottom. */
class Drawing {
  readonly shapes: Markup[] = []
  readonly names: Markup[] = []
  readonly told: Stretch[] = []
  readonly #scale: Scale
  readonly #zero: Micros
  #y = 0

  constructor(scale: Scale, zero: Micros) {
    this.#scale = scale
    this.#zero = zero
  }

  get height(): number {
    return this.#y
  }

  space(pixels: number): void {
    this.#y += pixels
  }

  /** In the column of names; `baseline` counts from where the next row begins. */
  label(says: string, look: 'name' | 'row' | 'unit', baseline: number): void {
    this.names.push(
      html`<text class="${look}" x="${look === 'name' ? '0' : '100%'}" dx="${look === 'name' ? 0 : -10}" y="${this.#y + baseline}">${says}</text>`,
    )
  }

  axis(): void {
    for (const zoom of zooms)
      this.shapes.push(
        html`<g class="axis at-${zoom}" aria-hidden="true">${this.#scale
          .ticks(this.#zero, zoom)
          .map(
            ({at, says}) =>
              html`<line x1="${this.#scale.x(at)}" x2="${this.#scale.x(at)}" y1="18" y2="100%" class="${at === this.#zero ? 'tick zero' : 'tick'}"/>${this.#flag(at, says, 'tick-label', 12, 4)}`,
          )}</g>`,
      )
    this.label('after the fault', 'unit', 12)
    this.#y += 26
  }

  faults(faults: Report['faults']): void {
    for (const {id, what, hosts, at, mendedAt, held} of faults) {
      const to = mendedAt ?? this.#scale.to
      const label = `${what}: ${hosts.join(', ')}${held === true ? '' : held === false ? ', did not take hold' : ', nobody saw whether it took hold'}`
      const stretch = {
        lane: `fault ${id}`,
        from: at,
        to,
        look: 'fault',
        says: `the fault is in force: ${label}${mendedAt === null ? ', not mended' : ''}`,
      }
      this.told.push(stretch)
      this.shapes.push(
        html`<g class="fault" ${data(stretch)}><title>${stretch.says}</title><rect x="${this.#scale.x(at)}" width="${this.#scale.width(at, to)}" y="${this.#y}" height="100%"/><line x1="${this.#scale.x(at)}" x2="${this.#scale.x(at)}" y1="${this.#y}" y2="100%"/><line x1="${this.#scale.x(to)}" x2="${this.#scale.x(to)}" y1="${this.#y}" y2="100%"/></g>`,
        this.#flag(at, label, 'fault-label', this.#y + 13),
      )
      this.#y += 20
    }
    if (faults.length > 0) this.label(faults.length === 1 ? 'fault' : 'faults', 'row', -7)
  }

  /** One below the other like stairs, so that phases a tenth of a second apart can be told apart. */
  marks(marks: readonly Mark[]): void {
    if (marks.length > 0) this.label('failover', 'row', 12)
    for (const {at, name, verdict, href} of marks.toSorted((a, b) => a.at - b.at)) {
      const x = this.#scale.x(at)
      const says = `${name} ${sayMoment(at, this.#zero, 2)}`
      this.shapes.push(
        html`<a class="mark ${verdict}" href="${href}"><line x1="${x}" x2="${x}" y1="${this.#y + 9}" y2="100%"/><circle cx="${x}" cy="${this.#y + 9}" r="3.5"/>${this.#flag(at, says, 'mark-label', this.#y + 13)}</a>`,
      )
      this.#y += 16
    }
    this.#y += 10
  }

  /** Beside its moment; near the end, where it would be cut off, to the left of it. */
  #flag(at: Micros, says: string, look: string, y: number, away = 8): Markup {
    const late = this.#scale.isLate(at, look === 'tick-label' ? 0.95 : 0.66)
    return html`<text class="${look}" x="${this.#scale.x(at)}" dx="${late ? -away : away}" y="${y}" text-anchor="${late ? 'end' : 'start'}">${says}</text>`
  }

  stretches(stretches: readonly Stretch[], height: number): void {
    for (const one of stretches) {
      const {from, to, look, says, labels = []} = one
      this.told.push(one)
      this.shapes.push(
        html`<svg class="stretch ${look}" ${data(one)} x="${this.#scale.x(from)}" width="${this.#scale.width(from, to)}" y="${this.#y}" height="${height}"><title>${says}</title><rect width="100%" height="100%"/>${this.#scale
          .fit(labels, from, to)
          .map(({label, look}) => html`<text class="${look}" x="6" y="${height / 2 + 4}">${label}</text>`)}</svg>`,
      )
    }
    this.#y += height
  }

  throughput({width, buckets}: Buckets): void {
    const height = 84
    const below = 24
    const perSecond = (count: number) => (count * 1e6) / width
    const most = roundUp(
      Math.max(10, ...buckets.map(({counts}) => perSecond(Math.max(counts.write.ok, counts.read.ok)))),
    )
    const length = (count: number) => (perSecond(count) / most) * height
    const base = this.#y + height
    this.label('per second', 'name', 20)
    for (const value of [most, most / 2]) {
      const y = base - (value / most) * height
      this.shapes.push(html`<line class="grid" x1="0" x2="100%" y1="${round(y)}" y2="${round(y)}"/>`)
      this.names.push(html`<text class="unit" x="100%" dx="-10" y="${round(y + 4)}">${value}</text>`)
    }
    this.names.push(html`<text class="row" x="100%" dx="-10" y="${base + 14}">unsuccessful</text>`)
    for (const bucket of buckets) {
      const {write, read} = bucket.counts
      const bad = write.fail + write.unknown + read.fail + read.unknown
      const x = this.#scale.x(bucket.from)
      const wide = this.#scale.width(bucket.from, bucket.from + width)
      const reads = base - length(read.ok)
      const failed = bad === 0 ? 0 : Math.min(below, Math.max(3, length(bad)))
      this.shapes.push(
        html`<g class="bucket" data-from="${bucket.from}" data-to="${bucket.from + width}" data-writes="${write.ok}" data-lane="throughput"><title>${sayBucket(bucket, width)}</title>${
          write.ok > 0 &&
          html`<rect class="writes" x="${x}" width="${wide}" y="${round(base - length(write.ok))}" height="${round(length(write.ok))}"/>`
        }${read.ok > 0 && html`<rect class="reads" x="${x}" width="${wide}" y="${round(reads - 1)}" height="2"/>`}${
          failed > 0 &&
          html`<rect class="failures" x="${x}" width="${wide}" y="${base + 1}" height="${round(failed)}"/>`
        }</g>`,
      )
    }
    this.shapes.push(html`<line class="base" x1="0" x2="100%" y1="${base + 0.5}" y2="${base + 0.5}"/>`)
    this.#y = base + below
  }

  /** Logarithmic, from 1 ms: an ordinary commit and one that waited for a failover are both to be seen. */
  latency({width, buckets}: Buckets): void {
    const height = 84
    const known = buckets.flatMap(one => one.latency ?? [])
    const decades = [1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
    const most = decades.find(one => one >= Math.max(100_000, ...known.map(one => one.max))) ?? decades.at(-1)!
    const base = this.#y + height
    const y = (micros: Micros) =>
      round(base - Math.max(0, Math.log10(micros / 1000) / Math.log10(most / 1000)) * height)
    this.label('latency', 'name', 20)
    for (const value of decades.filter(one => one <= most)) {
      this.shapes.push(
        html`<line class="${value === 1000 ? 'base' : 'grid'}" x1="0" x2="100%" y1="${y(value)}" y2="${y(value)}"/>`,
      )
      this.names.push(
        html`<text class="unit" x="100%" dx="-10" y="${y(value) + 4}">${value < 1e6 ? `${value / 1000} ms` : `${value / 1e6} s`}</text>`,
      )
    }
    for (const {from, latency} of buckets) {
      if (latency === null) continue
      const [x, wide] = [this.#scale.x(from), this.#scale.width(from, from + width)]
      this.shapes.push(
        html`<rect class="latency" x="${x}" width="${wide}" y="${y(latency.p95)}" height="${round(Math.max(2, y(latency.p50) - y(latency.p95)))}"/><rect class="latency-max" x="${x}" width="${wide}" y="${round(y(latency.max) - 1)}" height="2"/>`,
      )
    }
    this.#y = base + 6
  }

  /** Unseen until it is where a link of the page leads to. */
  moments(linked: readonly Micros[]): void {
    for (const at of linked)
      this.shapes.push(
        html`<line class="target" id="at-${at}" x1="${this.#scale.x(at)}" x2="${this.#scale.x(at)}" y1="0" y2="100%"/>`,
      )
  }
}

function data({lane, from, to}: Stretch): Markup {
  return html`data-lane="${lane}" data-from="${from}" data-to="${to}"`
}

function sayBucket({counts: {write, read}, latency}: Bucket, width: Micros): string {
  const perSecond = (count: number) => Math.round((count * 1e6) / width)
  const took =
    latency === null ? '' : `, half of them within ${sayMicros(latency.p50)}, the slowest ${sayMicros(latency.max)}`
  const bad = write.fail + write.unknown + read.fail + read.unknown
  return `${perSecond(write.ok)} writes/s${took}; ${perSecond(read.ok)} reads/s${bad > 0 ? `; ${bad} failed or got no answer` : ''}`
}

/** 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map(one => one * power).find(one => one >= value * 1.02) ?? 10 * power
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}
