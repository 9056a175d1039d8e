/** One job at a time: the engine is one session, which all tabs share. */

/** Runs jobs in the order they came. */
export interface JobQueue {
  /** Runs `job` when those before it are done. */
  run<T>(job: () => Promise<T>): Promise<T>
  /** Whether a job waits for the one that runs. */
  hasWaiting(): boolean
  /**
   * Lets the job that runs end, and resolves then; those that wait never run, and their promises stay open, or are
   * rejected with `error`.
   */
  stop(error?: Error): Promise<void>
}

export function createJobQueue(): JobQueue {
  const waiting: { run(): Promise<void>; refuse(error: Error): void }[] = []
  let running: Promise<void> | undefined
  let isStopped = false

  const next = (): void => {
    const job = isStopped ? undefined : waiting.shift()
    running = job?.run().finally(next)
  }
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        waiting.push({ run: () => job().then(resolve, reject), refuse: reject })
        if (!running) next()
      }),
    hasWaiting: () => waiting.length > 0,
    async stop(error) {
      isStopped = true
      if (error) for (const job of waiting.splice(0)) job.refuse(error)
      await running
    },
  }
}
