/** Long work tells what it does. The library only tells; `cli/` decides how it is shown. */
export type Progress = (told: {
  /** Names the step; the same name again means the same step. A person reads it: 'build the image of the hosts'. */
  readonly step: string
  readonly state: 'begin' | 'detail' | 'done' | 'failed'
  /** For detail: what it is doing right now; for done: what came of it. */
  readonly says?: string
  /** 0..1 where it is known. */
  readonly fraction?: number
}) => void

/** Runs `work` as one step: told when it begins, is done, or fails. */
export async function step<T>(
  progress: Progress,
  name: string,
  work: (detail: (says: string, fraction?: number) => void) => Promise<T>,
  result?: (value: T) => string,
): Promise<T> {
  progress({step: name, state: 'begin'})
  try {
    const value = await work((says, fraction) =>
      progress({step: name, state: 'detail', says, ...(fraction === undefined ? {} : {fraction})}),
    )
    progress({step: name, state: 'done', ...(result ? {says: result(value)} : {})})
    return value
  } catch (error) {
    progress({step: name, state: 'failed'})
    throw error
  }
}
