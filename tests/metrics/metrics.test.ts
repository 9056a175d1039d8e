/** Both adapters on a real database: what they count, under which names, and that no value becomes a label. */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { AuthDatabase, QueryHooks } from '../../src/auth/index.ts'
import { createOpenTelemetryMetrics } from '../../src/metrics/opentelemetry.ts'
import { createPrometheusMetrics } from '../../src/metrics/prometheus.ts'
import { authSchema } from '../../src/schema/auth.ts'
import { leakIn, secret } from '../support/leaks.ts'
import { openAuthWith } from '../support/open-auth-database.ts'

const open = (hooks: QueryHooks): Promise<AuthDatabase> => openAuthWith(authSchema, hooks)

async function use({ db, schema }: AuthDatabase): Promise<void> {
  const ada = { id: 'u', name: secret, email: 'ada@example.com' }
  await db.insert(schema.user).values(ada)
  await db
    .insert(schema.user)
    .values(ada)
    .catch(() => undefined)
  await db.select().from(schema.session)
}

it('counts and measures for Prometheus', async () => {
  const registry = new Registry()
  const metrics = createPrometheusMetrics({ registry, buckets: [60] })
  await using authDb = await open({ onQuery: metrics.onQuery })
  metrics.watchPool(authDb)
  await use(authDb)
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'db_queries_total{operation="insert",table="user"} 2',
      'db_queries_total{operation="select",table="session"} 1',
      'db_query_errors_total{operation="insert",table="user",code="UNIQUE_VIOLATION"} 1',
      'db_query_duration_seconds_bucket{le="60",operation="insert",table="user"} 2',
      'db_connection_pool_size{state="busy"} 0',
      'db_connection_pool_size{state="max"} 1',
      'db_connection_pool_size{state="transactions"} 0',
    ]),
  )
  expect(leakIn(lines.join('\n'))).toBeUndefined()
})

it('lets two databases count into one registry', async () => {
  const registry = new Registry()
  await using first = await open({ onQuery: createPrometheusMetrics({ registry }).onQuery })
  await using second = await open({ onQuery: createPrometheusMetrics({ registry }).onQuery })
  for (const { db, schema } of [first, second]) await db.select().from(schema.account)
  expect(await registry.metrics()).toContain('db_queries_total{operation="select",table="account"} 2')
})

it('counts and measures for OpenTelemetry', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter })
  const provider = new MeterProvider({ readers: [reader] })
  const metrics = createOpenTelemetryMetrics({ meter: provider.getMeter('test') })
  await using authDb = await open({ onQuery: metrics.onQuery })
  metrics.watchPool(authDb, 'auth')
  await use(authDb)
  await reader.forceFlush()
  const exported = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  const points = (name: string) =>
    exported.filter(({ descriptor }) => descriptor.name === name).flatMap<unknown>(({ dataPoints }) => dataPoints)
  expect(points('db.client.operation.duration')).toMatchObject([
    { value: { count: 1 }, attributes: { 'db.operation.name': 'insert', 'db.collection.name': 'user' } },
    { value: { count: 1 }, attributes: { 'db.operation.name': 'insert', 'error.type': 'UNIQUE_VIOLATION' } },
    { value: { count: 1 }, attributes: { 'db.operation.name': 'select', 'db.collection.name': 'session' } },
  ])
  expect(points('db.client.connection.max')).toMatchObject([{ value: 1 }])
  expect(points('db.client.connection.timeouts')).toMatchObject([{ value: 0 }])
  expect(leakIn(JSON.stringify(exported))).toBeUndefined()
  await provider.shutdown()
})
