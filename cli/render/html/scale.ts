/**
 * Places in the timeline. Along the time everything is in per cent of the drawing's width, so that a page without any script can
 * widen it (zoom) and narrow it (print) while all letters keep their size; across it everything is in pixels.
 */
import type {Micros} from '../../../lab/index.ts'

/** How many times as wide as the window the timeline may be. */
export const zooms = [1, 4, 16, 64] as const

type Zoom = (typeof zooms)[number]

/** The drawing is about this wide without zoom: decides how many ticks there are and which labels fit. */
const usualPixels = 900
/** More than this much per second shows nothing that the probes, 50 ms apart, could have seen. */
const mostPixelsPerSecond = 1500
const letterPixels = 6.4
const paddingPixels = 12
const tickPixels = 90

const steps: readonly Micros[] = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600,
].map(seconds => seconds * 1e6)

export class Scale {
  readonly from: Micros
  readonly to: Micros

  constructor(from: Micros, to: Micros) {
    this.from = from
    this.to = to
  }

  x(at: Micros): string {
    const share = (Math.min(this.to, Math.max(this.from, at)) - this.from) / (this.to - this.from)
    return `${(share * 100).toFixed(4)}%`
  }

  width(from: Micros, to: Micros): string {
    const share = (Math.min(this.to, to) - Math.max(this.from, from)) / (this.to - this.from)
    return `${(Math.max(0, share) * 100).toFixed(4)}%`
  }

  isLate(at: Micros, share: number): boolean {
    return (at - this.from) / (this.to - this.from) > share
  }

  get zooms(): readonly Zoom[] {
    return zooms.filter(zoom => zoom === 1 || zoom * this.#pixelsPerSecond <= mostPixelsPerSecond)
  }

  /**
   * The labels of a stretch with the class under which each is shown only where it is the longest that fits: `fit-1` always,
   * `fit-4` from four times on, `fit-1 upto-4` until then.
   */
  fit(labels: readonly string[], from: Micros, to: Micros): {label: string; look: string}[] {
    const pixels = ((Math.min(this.to, to) - Math.max(this.from, from)) / 1e6) * this.#pixelsPerSecond
    const shown: {label: string; look: string}[] = []
    let longer: Zoom | undefined
    for (const label of labels) {
      const wanted = label.length * letterPixels + paddingPixels
      const zoom = zooms.find(zoom => pixels * zoom >= wanted)
      if (zoom === undefined || (longer !== undefined && zoom >= longer)) continue
      shown.push({label, look: `fit-${zoom}${longer === undefined ? '' : ` upto-${longer}`}`})
      longer = zoom
    }
    return shown
  }

  /** Round times, counted from `zero`, far enough apart to be labelled at this zoom. */
  ticks(zero: Micros, zoom: Zoom): {at: Micros; says: string}[] {
    const least = (tickPixels / (this.#pixelsPerSecond * zoom)) * 1e6
    // Of a run of days, or of a stranger's years, the round ones are powers of ten hours.
    const step = steps.find(one => one >= least) ?? steps.at(-1)! * 10 ** Math.ceil(Math.log10(least / steps.at(-1)!))
    const digits = Math.max(0, -Math.floor(Math.log10(step / 1e6) + 1e-9))
    const first = Math.ceil((this.from - zero) / step)
    // Counted by the width: far from zero a number plus one may be the same number.
    const most = Math.ceil((usualPixels * zoom) / tickPixels) + 1
    return Array.from({length: most}, (_, index) => first + index)
      .filter(nth => zero + nth * step <= this.to)
      .map(nth => ({
        at: zero + nth * step,
        says: nth === 0 ? '0 s' : `${nth < 0 ? '-' : '+'}${((Math.abs(nth) * step) / 1e6).toFixed(digits)} s`,
      }))
  }

  get #pixelsPerSecond(): number {
    return usualPixels / ((this.to - this.from) / 1e6)
  }
}
