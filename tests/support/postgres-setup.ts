/** One Postgres for the whole test run, or the one that `TEST_DATABASE_URL` names. */
import type { TestProject } from 'vitest/node'
import { startPostgresServer } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Connects to the run's Postgres as a user who may create databases. */
    postgresUrl: string
  }
}

/** Starts the server, tells the tests its URL, and gives back how to stop it. */
export async function setup(project: TestProject): Promise<(() => PromiseLike<void>) | undefined> {
  const givenUrl = process.env['TEST_DATABASE_URL']
  if (givenUrl !== undefined && givenUrl !== '') {
    project.provide('postgresUrl', givenUrl)
    return undefined
  }
  const server = await startPostgresServer()
  project.provide('postgresUrl', server.url)
  return () => server[Symbol.asyncDispose]()
}
