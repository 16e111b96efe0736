/** Works side by side of which each is of no use without the others. */

/**
 * Resolves when all are done. Once one fails, or `signal` is aborted, the others' signals are, and they are awaited.
 * @throws what the first of them to fail has thrown.
 */
export async function allOrNone(
  signal: AbortSignal | undefined,
  works: readonly ((ending: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController()
  const ending = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  let first: {readonly error: unknown} | undefined
  await Promise.all(
    works.map(work =>
      work(ending).catch(error => {
        first ??= {error}
        failed.abort()
      }),
    ),
  )
  if (first !== undefined) throw first.error
}
