/** The public API, name by name: a change here is a change for consumers. */
import ts from 'typescript'
import { expect, test } from 'vitest'
import { entries } from './entries.ts'

test('exports what was reviewed', () => {
  expect(Object.fromEntries(entries.map(({ specifier, types }) => [specifier, declaredNames(types)])))
    .toMatchInlineSnapshot(`
      {
        "@typyst/db": [
          "TypystDbError",
          "account",
          "accountRelations",
          "appSchema",
          "authSchema",
          "collection",
          "collectionRelations",
          "collectionSettings",
          "collectionSettingsRelations",
          "entry",
          "entryRelations",
          "isTypystDbError",
          "session",
          "sessionRelations",
          "type Account",
          "type AccountUpdate",
          "type AppSchema",
          "type AuthSchema",
          "type Collection",
          "type CollectionSettings",
          "type CollectionSettingsUpdate",
          "type CollectionUpdate",
          "type Entry",
          "type EntryUpdate",
          "type NewAccount",
          "type NewCollection",
          "type NewCollectionSettings",
          "type NewEntry",
          "type NewSession",
          "type NewUser",
          "type NewVerification",
          "type Session",
          "type SessionUpdate",
          "type TypystDbErrorCode",
          "type TypystDbErrorDetails",
          "type TypystDbErrorOptions",
          "type User",
          "type UserUpdate",
          "type Verification",
          "type VerificationUpdate",
          "typystDbErrorCodes",
          "user",
          "userRelations",
          "verification",
        ],
        "@typyst/db/app": [
          "TypystDbError",
          "createAppDatabase",
          "createId",
          "exportRaw",
          "isTypystDbError",
          "migrationsFromDrizzleKit",
          "readStorageQuota",
          "requestPersistence",
          "type AppDatabase",
          "type AppDatabaseOptions",
          "type AppEvent",
          "type AppRole",
          "type AppStatus",
          "type DrizzleJournal",
          "type HighlightPart",
          "type Migration",
          "type OpenPhase",
          "type OpenProgress",
          "type RawExport",
          "type Search",
          "type SearchOptions",
          "type SearchPage",
          "type SearchResult",
          "type StatementLog",
          "type StorageQuota",
          "type StorageState",
          "type TypystDatabase",
          "type TypystDbErrorCode",
          "type TypystDbErrorDetails",
        ],
        "@typyst/db/app/worker": [
          "serveAppDatabase",
        ],
        "@typyst/db/auth": [
          "TypystDbError",
          "createAuthDatabase",
          "isTypystDbError",
          "type AuthDatabase",
          "type AuthDatabaseOptions",
          "type BetterAuthAdapter",
          "type MigrationStatus",
          "type SqlTag",
          "type StatementLog",
          "type TypystDatabase",
          "type TypystDbErrorCode",
          "type TypystDbErrorDetails",
        ],
        "@typyst/db/schema": [
          "account",
          "accountRelations",
          "appSchema",
          "authSchema",
          "collection",
          "collectionRelations",
          "collectionSettings",
          "collectionSettingsRelations",
          "entry",
          "entryRelations",
          "session",
          "sessionRelations",
          "type Account",
          "type AccountUpdate",
          "type AppSchema",
          "type AuthSchema",
          "type Collection",
          "type CollectionSettings",
          "type CollectionSettingsUpdate",
          "type CollectionUpdate",
          "type Entry",
          "type EntryUpdate",
          "type NewAccount",
          "type NewCollection",
          "type NewCollectionSettings",
          "type NewEntry",
          "type NewSession",
          "type NewUser",
          "type NewVerification",
          "type Session",
          "type SessionUpdate",
          "type User",
          "type UserUpdate",
          "type Verification",
          "type VerificationUpdate",
          "user",
          "userRelations",
          "verification",
        ],
        "@typyst/db/schema/app": [
          "appSchema",
          "collection",
          "collectionRelations",
          "collectionSettings",
          "collectionSettingsRelations",
          "entry",
          "entryRelations",
          "type AppSchema",
          "type Collection",
          "type CollectionSettings",
          "type CollectionSettingsUpdate",
          "type CollectionUpdate",
          "type Entry",
          "type EntryUpdate",
          "type NewCollection",
          "type NewCollectionSettings",
          "type NewEntry",
        ],
        "@typyst/db/schema/auth": [
          "account",
          "accountRelations",
          "authSchema",
          "session",
          "sessionRelations",
          "type Account",
          "type AccountUpdate",
          "type AuthSchema",
          "type NewAccount",
          "type NewSession",
          "type NewUser",
          "type NewVerification",
          "type Session",
          "type SessionUpdate",
          "type User",
          "type UserUpdate",
          "type Verification",
          "type VerificationUpdate",
          "user",
          "userRelations",
          "verification",
        ],
        "@typyst/db/testing": [
          "createTestAppDatabase",
          "createTestAuthDatabase",
          "type TestAppDatabaseOptions",
        ],
      }
    `)
})

test.each(entries)('$specifier exports at run time what it declares', async ({ specifier, types }) => {
  const module = (await import(specifier)) as Record<string, unknown>
  expect(Object.keys(module).sort()).toEqual(declaredNames(types).filter((name) => !name.startsWith('type ')))
})

test('the error class is the same from every entry', async () => {
  const classes = await Promise.all(
    entries.map(async ({ specifier }) => ((await import(specifier)) as Record<string, unknown>)['TypystDbError']),
  )
  const exported = classes.filter((value) => value !== undefined)
  expect(exported.length).toBeGreaterThanOrEqual(3)
  expect(new Set(exported).size).toBe(1)
})

const program = ts.createProgram(
  entries.map(({ types }) => types),
  {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    noLib: true,
    types: [],
  },
)

function declaredNames(path: string): string[] {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(path)
  const symbol = file && checker.getSymbolAtLocation(file)
  if (symbol === undefined) throw new Error(`${path} is not a module.`)
  const names = checker.getExportsOfModule(symbol).map((exported) => {
    const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    return target.flags & ts.SymbolFlags.Value ? exported.name : `type ${exported.name}`
  })
  return names.sort()
}
