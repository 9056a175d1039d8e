/** `@typyst/db/metrics/opentelemetry`: the hooks of a database as metrics of OpenTelemetry. */
import { metrics, ValueType } from '@opentelemetry/api'
import type { Meter } from '@opentelemetry/api'
import { anObject, having, record, text } from '../internal/argument-readers.ts'
import { atOnce, checkCalls, checkValue } from '../internal/check-arguments.ts'
import type { CallRules, Reader } from '../internal/check-arguments.ts'
import type { PoolStatus } from '../internal/pool-status.ts'
import type { QueryHooks } from '../internal/query-hooks.ts'

/** Where the metrics go. */
export interface OpenTelemetryMetricsOptions {
  /**
   * The meter that makes the instruments.
   *
   * @defaultValue the global meter provider's, named `@typyst/db`
   */
  readonly meter?: Meter | undefined
}

/** The hook to pass to a database, and how to watch its pool. */
export interface OpenTelemetryMetrics {
  /** For the option `onQuery`. */
  readonly onQuery: NonNullable<QueryHooks['onQuery']>
  /**
   * Reads the size of a pool each time the metrics are collected.
   *
   * @param database - What `createAuthDatabase` gave.
   * @param name - Tells several pools apart.
   */
  watchPool(database: { poolStatus(): PoolStatus }, name: string): void
}

const metricsOptions: Reader = record<OpenTelemetryMetricsOptions>({
  meter: having('createHistogram', 'createObservableUpDownCounter'),
})

const metricsCalls: CallRules<OpenTelemetryMetrics> = {
  onQuery: atOnce({ event: anObject }),
  watchPool: atOnce({ database: having('poolStatus'), name: text }),
}

/**
 * Measures queries in `db.client.operation.duration` (seconds), with the attributes of OpenTelemetry's semantic conventions
 * for databases, and a pool in `db.client.connection.count`, `.pending_requests`, `.max` and
 * `.timeouts`.
 *
 * @example
 * ```ts
 * import { createAuthDatabase } from '@typyst/db/auth'
 * import { createOpenTelemetryMetrics } from '@typyst/db/metrics/opentelemetry'
 *
 * const metrics = createOpenTelemetryMetrics()
 * const authDb = createAuthDatabase({ dataDir: 'memory://', onQuery: metrics.onQuery })
 * metrics.watchPool(authDb, 'auth')
 * ```
 */
export function createOpenTelemetryMetrics(options: OpenTelemetryMetricsOptions = {}): OpenTelemetryMetrics {
  const name = '`options` of createOpenTelemetryMetrics()'
  const { meter = metrics.getMeter('@typyst/db') } = checkValue(name, metricsOptions, options, 'INVALID_OPTIONS')
  const duration = meter.createHistogram('db.client.operation.duration', {
    description: 'How long queries took.',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
  })
  return checkCalls('metrics.', metricsCalls, {
    onQuery({ operation, table, durationMs, errorCode }) {
      duration.record(durationMs / 1000, {
        'db.system.name': 'postgresql',
        'db.operation.name': operation,
        'db.collection.name': table,
        'error.type': errorCode,
      })
    },
    watchPool(database, name) {
      const gauge = (suffix: string, description: string) =>
        meter.createObservableUpDownCounter(`db.client.connection.${suffix}`, { description, valueType: ValueType.INT })
      const count = gauge('count', 'Connections of the pool that are in use.')
      const pending = gauge('pending_requests', 'Calls that wait for a connection.')
      const max = gauge('max', 'How many connections the pool can have.')
      const timeouts = meter.createObservableCounter('db.client.connection.timeouts', {
        description: 'Calls that got no connection of the pool in time.',
        valueType: ValueType.INT,
      })
      const pool = { 'db.client.connection.pool.name': name }
      meter.addBatchObservableCallback(
        (result) => {
          const status = database.poolStatus()
          result.observe(count, status.busy, { ...pool, 'db.client.connection.state': 'used' })
          result.observe(pending, status.waiting, pool)
          result.observe(max, status.max, pool)
          result.observe(timeouts, status.timedOut, pool)
        },
        [count, pending, max, timeouts],
      )
    },
  })
}
