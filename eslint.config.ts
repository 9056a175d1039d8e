/** Lint: no floating promises, no cycles, no default exports, and who may import whom. */
import { defineConfig, globalIgnores } from 'eslint/config'
import { importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'
import type { Linter } from 'eslint'

const node = { group: ['node:*'], message: 'This room also runs in browsers.' }
const drizzle = { group: ['drizzle-orm', 'drizzle-orm/*'], message: 'This room knows no query builder.' }
const servers = { group: ['postgres', 'better-auth', 'better-auth/*'], message: 'Only auth/ talks to servers.' }
const pglite = {
  group: ['@electric-sql/pglite', '@electric-sql/pglite/*'],
  allowTypeImports: true,
  message: 'Only pglite/ loads PGlite, by import().',
}
const authSide = {
  group: ['**/auth/**', '**/schema/auth.ts', '**/schema/index.ts'],
  message: 'The two sides never meet.',
}
const appSide = { group: ['**/app/**', '**/schema/app.ts', '**/schema/index.ts'], message: 'The two sides never meet.' }
const otherRooms = (...rooms: string[]) => ({
  group: rooms.map((room) => `**/${room}/**`),
  message: 'See the table of rooms in docs/architecture.md.',
})

type ImportBan = typeof node | typeof pglite
const room = (files: string, patterns: ImportBan[]): Linter.Config => ({
  files: [files],
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
})

export default defineConfig(
  globalIgnores(['dist', 'node_modules', '**/*.generated.*', '.data', 'examples/*/dist']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/extensions': ['.ts'], 'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // An index that is known to be in range reads better with a check than with an assertion, and both stay out.
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
      // `erasableSyntaxOnly` allows no enums, and looking for them takes a quarter of the time.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/schema/**'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'error' },
  },
  { files: ['*.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
  room('src/errors.ts', [{ group: ['*'], message: 'The error class stands alone.' }]),
  room('src/internal/**', [
    node,
    drizzle,
    servers,
    pglite,
    authSide,
    appSide,
    otherRooms('drizzle', 'pglite', 'schema'),
  ]),
  room('src/schema/auth.ts', [node, servers, pglite, appSide]),
  room('src/schema/app.ts', [node, servers, pglite, authSide]),
  room('src/drizzle/**', [node, servers, pglite, authSide, appSide, otherRooms('pglite')]),
  room('src/pglite/**', [node, drizzle, servers, pglite, authSide, appSide]),
  room('src/auth/**', [pglite, appSide, otherRooms('testing')]),
  room('src/metrics/**', [node, drizzle, servers, pglite, authSide, appSide, otherRooms('drizzle', 'schema')]),
  room('src/app/**', [node, servers, pglite, authSide, otherRooms('testing')]),
  // What runs in a worker knows no tab, and what is loaded into a page no engine.
  room('src/app/worker/**', [node, drizzle, servers, pglite, authSide, otherRooms('testing', 'tab')]),
  room('src/app/tab/**', [node, drizzle, servers, pglite, authSide, otherRooms('testing')]),
)
