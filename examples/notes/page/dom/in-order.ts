/** Runs what people ask for one after the other: a double click or a fast typist never meets a half-done action. */
let last: Promise<unknown> = Promise.resolve()

/** A failure does not stop what was asked for after it. */
export function inOrder<T>(action: () => Promise<T>): Promise<T> {
  const turn = last.then(action)
  last = turn.catch(() => undefined)
  return turn
}
