/**
 * While a screen is drawn, whatever else writes to the terminal goes above it: a warning of Node, a sentence of the
 * command. Written straight into the frame it would be half erased with the next one.
 */

export interface Above {
  /** The stream for the screen itself: what is written to it goes to the terminal. */
  readonly own: NodeJS.WriteStream
  /** Who puts lines above the screen; until there is one they wait. */
  through(write: (lines: string) => void): void
  /** Gives the streams back; what waits is written now. */
  release(): void
}

/** Diverts `streams`, as far as they are terminals: the one that is drawn on, and its siblings on the same terminal. */
export function divert(screen: NodeJS.WriteStream, siblings: readonly NodeJS.WriteStream[]): Above {
  const original = screen.write
  const streams = [...new Set([screen, ...siblings])].filter(stream => stream.isTTY)
  const originals = streams.map(stream => stream.write)
  let waiting = ''
  let writer: ((lines: string) => void) | undefined

  const flush = () => {
    // A line that is not ended yet would be continued by the frame.
    const end = waiting.lastIndexOf('\n') + 1
    if (writer === undefined || end === 0) return
    const lines = waiting.slice(0, end)
    waiting = waiting.slice(end)
    writer(lines)
  }
  const diverted = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    waiting += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    flush()
    const written = rest.find(one => typeof one === 'function')
    if (written) process.nextTick(written as () => void)
    return true
  }
  for (const stream of streams) stream.write = diverted as typeof stream.write

  return {
    own: new Proxy(screen, {
      get(target, name) {
        if (name === 'write') return original.bind(target)
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
    through(write) {
      writer = write
      flush()
    },
    release() {
      streams.forEach((stream, index) => {
        stream.write = originals[index]!
      })
      if (waiting !== '') original.call(screen, waiting)
      waiting = ''
    },
  }
}
