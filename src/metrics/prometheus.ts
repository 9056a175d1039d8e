/** `@typyst/db/metrics/prometheus`: the hooks of a database as metrics of prom-client. */
import { Counter, Gauge, Histogram, register } from 'prom-client'
import type { Registry } from 'prom-client'
import { anObject, having, listOf, number, record } from '../internal/argument-readers.ts'
import { atOnce, checkCalls, checkValue } from '../internal/check-arguments.ts'
import type { CallRules, Reader } from '../internal/check-arguments.ts'
import type { QueryHooks } from '../internal/query-hooks.ts'
import type { PoolStatus } from '../internal/pool-status.ts'

/** Where the metrics go and how fine they are. */
export interface PrometheusMetricsOptions {
  /**
   * The registry they belong to. Databases that share one share the metrics in it.
   *
   * @defaultValue prom-client's global `register`
   */
  readonly registry?: Registry | undefined
  /**
   * The upper bounds of the histogram's buckets, in seconds.
   *
   * @defaultValue from 0.001 to 10
   */
  readonly buckets?: readonly number[] | undefined
}

/** The hook to pass to a database, and how to watch its pool. */
export interface PrometheusMetrics {
  /** For the option `onQuery`. */
  readonly onQuery: NonNullable<QueryHooks['onQuery']>
  /**
   * Reads the size of a pool each time the metrics are collected.
   *
   * @param database - What `createAuthDatabase` gave.
   */
  watchPool(database: { poolStatus(): PoolStatus }): void
}

const metricsOptions: Reader = record<PrometheusMetricsOptions>({
  registry: having('registerMetric', 'getSingleMetric'),
  buckets: listOf(number),
})

const metricsCalls: CallRules<PrometheusMetrics> = {
  onQuery: atOnce({ event: anObject }),
  watchPool: atOnce({ database: having('poolStatus') }),
}

const defaultBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * Counts queries in `db_queries_total{operation,table}` and `db_query_errors_total{operation,table,code}`, measures them in
 * `db_query_duration_seconds{operation,table}`, and shows a pool in `db_connection_pool_size{state}`, where the states are
 * `busy`, `waiting`, `max` and `transactions`; calls that got no connection in time are errors with the code
 * `POOL_TIMEOUT`. Tables are those of your code, so the labels stay few.
 *
 * @example
 * ```ts
 * import { createAuthDatabase } from '@typyst/db/auth'
 * import { createPrometheusMetrics } from '@typyst/db/metrics/prometheus'
 *
 * const metrics = createPrometheusMetrics()
 * const authDb = createAuthDatabase({ dataDir: 'memory://', onQuery: metrics.onQuery })
 * metrics.watchPool(authDb)
 * ```
 */
export function createPrometheusMetrics(options: PrometheusMetricsOptions = {}): PrometheusMetrics {
  const name = '`options` of createPrometheusMetrics()'
  const { registry = register, buckets = defaultBuckets } = checkValue(name, metricsOptions, options, 'INVALID_OPTIONS')
  const registers = [registry]
  const queries = sharedMetric(registry, Counter<'operation' | 'table'>, 'db_queries_total', (name) => {
    return new Counter({ name, help: 'Queries that are done.', labelNames: ['operation', 'table'], registers })
  })
  const errors = sharedMetric(registry, Counter<'operation' | 'table' | 'code'>, 'db_query_errors_total', (name) => {
    const labelNames = ['operation', 'table', 'code'] as const
    return new Counter({ name, help: 'Queries that failed.', labelNames, registers })
  })
  const durations = sharedMetric(registry, Histogram<'operation' | 'table'>, 'db_query_duration_seconds', (name) => {
    const labelNames = ['operation', 'table'] as const
    return new Histogram({ name, help: 'How long queries took.', labelNames, buckets: [...buckets], registers })
  })
  return checkCalls('metrics.', metricsCalls, {
    onQuery({ operation, table = '', durationMs, errorCode }) {
      queries.inc({ operation, table })
      durations.observe({ operation, table }, durationMs / 1000)
      if (errorCode) errors.inc({ operation, table, code: errorCode })
    },
    watchPool(database) {
      registry.removeSingleMetric('db_connection_pool_size')
      new Gauge({
        name: 'db_connection_pool_size',
        help: 'Connections of the pool that are in use (some by transactions), calls that wait for one, and how many there can be.',
        labelNames: ['state'],
        registers,
        collect() {
          const { busy, waiting, max, transactions } = database.poolStatus()
          for (const [state, count] of Object.entries({ busy, waiting, max, transactions })) this.set({ state }, count)
        },
      })
    },
  })
}

/** The registry's metric of that name where there is one, so that a second database counts into the same. */
function sharedMetric<TMetric>(
  registry: Registry,
  kind: new (...options: never[]) => TMetric,
  name: string,
  create: (name: string) => TMetric,
): TMetric {
  const present: unknown = registry.getSingleMetric(name)
  return present instanceof kind ? present : create(name)
}
