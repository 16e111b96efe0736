/** One ping-pong: asked and answered on our clock, and what the other clock showed in between. */
export interface PingPong {
  readonly askedMicros: number
  readonly answeredMicros: number
  readonly theirMicros: number
}

/**
 * How another monotonic clock maps on ours: ours = theirs + offset, wrong by at most the uncertainty. The quickest
 * ping-pong is the best witness (NTP's clock filter): its answer was given between asking and answering, wherever.
 */
export function estimateOffset(pingPongs: readonly PingPong[]): {offsetMicros: number; uncertaintyMicros: number} {
  const best = pingPongs.toSorted((a, b) => roundTrip(a) - roundTrip(b))[0]
  if (best === undefined) throw new RangeError('an offset needs at least one ping-pong')
  return {
    offsetMicros: Math.round((best.askedMicros + best.answeredMicros) / 2 - best.theirMicros),
    uncertaintyMicros: Math.ceil(roundTrip(best) / 2),
  }
}

function roundTrip(one: PingPong): number {
  return one.answeredMicros - one.askedMicros
}
