/** `@typyst/db/schema`: both schemas at once. */
export * from './app.ts'
export * from './auth.ts'
