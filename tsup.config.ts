/** Builds every sub-path as ESM with shared chunks, so that the error class exists once. */
import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    schema: 'src/schema/index.ts',
    'schema/auth': 'src/schema/auth.ts',
    'schema/app': 'src/schema/app.ts',
    auth: 'src/auth/index.ts',
    app: 'src/app/index.ts',
    'app/validation': 'src/app/validation/index.ts',
    'app/worker': 'src/app/worker/index.ts',
    testing: 'src/testing/index.ts',
    'metrics/prometheus': 'src/metrics/prometheus.ts',
    'metrics/opentelemetry': 'src/metrics/opentelemetry.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  treeshake: true,
  dts: true,
  clean: true,
  // Three small helpers (MIT) that are not worth a dependency at install time.
  noExternal: ['uuid', 'postgres-array', 'xxhash-wasm'],
})
