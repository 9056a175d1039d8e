/** Tells a hang from slowness. */

/** Rejects when something takes so long that only a hang explains it, which is a failure and no figure. */
export async function within<T>(capMs: number, what: () => string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const hanging = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what()} after ${capMs / 1000} s.`)), capMs)
  })
  try {
    return await Promise.race([promise, hanging])
  } finally {
    clearTimeout(timer)
  }
}
