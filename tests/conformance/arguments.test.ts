/** Wrong arguments of every public call: refused with a code that names the argument, before anything happens. */
import { afterAll, describe, expect, it } from 'vitest'
import * as appEntry from '../../src/app/index.ts'
import * as validation from '../../src/app/validation/index.ts'
import * as workerEntry from '../../src/app/worker/index.ts'
import * as authEntry from '../../src/auth/index.ts'
import * as root from '../../src/index.ts'
import * as opentelemetry from '../../src/metrics/opentelemetry.ts'
import * as prometheus from '../../src/metrics/prometheus.ts'
import * as testing from '../../src/testing/index.ts'
import { isTypystDbError } from '../../src/errors.ts'
import { leaksOf, secret } from '../support/leaks.ts'

let queries = 0
const onQuery = () => (queries += 1)
const app = appEntry.createAppDatabase({ dataDir: 'memory://', onQuery })
const authDb = authEntry.createAuthDatabase({ dataDir: 'memory://', onNotice: () => undefined, onQuery })

/** What somebody may pass by mistake, or on purpose, by what it is. */
const wrongValues: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  text: () => secret,
  'no text': () => '',
  'a long text': () => 'x'.repeat(5_000_000),
  number: () => 5,
  fraction: () => 1.5,
  negative: () => -1,
  infinity: () => Number.POSITIVE_INFINITY,
  flag: () => true,
  bigint: () => 5n,
  symbol: () => Symbol(secret),
  array: () => [secret],
  'array of odds': () => [Symbol(secret), {}, null],
  'an endless array': () => new Array<unknown>(4_000_000_000),
  object: () => ({ [secret]: secret }),
  function: () => () => secret,
  date: () => new Date(),
  'no date': () => new Date(Number.NaN),
  'a proxy of a date': () => new Proxy(new Date(), {}),
  map: () => new Map([[secret, secret]]),
  promise: () => Promise.resolve(secret),
  boxed: () => Object('text') as unknown,
  'a getter that throws': () => {
    const names = [secret, 'id', 'title', 'name', 'sortBy', 'tx', 'operation', 'options']
    return Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { get: fail, enumerable: true }])))
  },
  'a proxy that throws': () => new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }),
  'a proxy of an array that throws': () => new Proxy([], { get: fail, has: fail, ownKeys: fail }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
}

function fail(): never {
  throw new Error(secret)
}

/** To whoever asks for fields, these are objects without any. */
const emptyObjects = ['a proxy of a date'] as const

/** What of these each kind of parameter takes. */
const taken = {
  id: ['text'],
  owner: ['text', 'null'],
  text: ['text', 'no text', 'a long text'],
  'text?': ['nothing', 'text', 'no text', 'a long text'],
  shortText: ['text', 'no text'],
  schemaName: ['text'],
  flag: ['flag'],
  count: ['number'],
  'count?': ['nothing', 'number'],
  duration: ['number', 'fraction'],
  numbers: [],
  oneOf: [],
  'oneOf?': ['nothing'],
  date: ['date'],
  callback: ['function'],
  debug: ['flag', 'function'],
  executor: [],
  object: ['object', ...emptyObjects],
  'object?': ['nothing', 'object', ...emptyObjects],
  part: [],
  range: [...emptyObjects],
  ids: ['text', 'array'],
  names: ['array'],
  'list?': ['nothing', 'array', 'array of odds'],
  columns: [],
  known: ['array'],
  stream: ['array', 'array of odds', 'map', 'an endless array', 'a proxy of an array that throws'],
  // What is not ours to know is not read.
  foreign: ['object', 'a getter that throws', ...emptyObjects],
  values: ['object', ...emptyObjects],
  template: [],
  bytes: [],
  tls: [],
  any: Object.keys(wrongValues),
} as const satisfies Record<string, readonly string[]>

type Kind = keyof typeof taken

/** Options: which they are, and what each takes. */
interface Shape {
  readonly isRequired?: boolean
  readonly fields: Readonly<Record<string, Kind>>
}

type Parameter = readonly [name: string, kind: Kind | Shape, valid?: unknown]

const tx = { tx: 'executor' } as const
const withTx: Parameter = ['options', { fields: tx }]
const call: Parameter = ['call', { fields: { ...tx, logger: 'part' } }]
const id: Parameter = ['id', 'id', 'x']
const filter = { created: 'range', updated: 'range', text: 'shortText', userId: 'owner', deleted: 'oneOf' } as const
const page = { sort: 'oneOf', order: 'oneOf', limit: 'count', cursor: 'text', columns: 'columns' } as const
const getting: Parameter = ['options', { fields: { ...tx, columns: 'columns', deleted: 'oneOf' } }]
const emptyTrash: Parameter = ['options', { fields: { ...tx, olderThanMs: 'duration' } }]
const place: Parameter = ['options', { fields: { ...tx, to: 'text' } }]
const values: Parameter = ['values', 'values', {}]
const purge = { batchRows: 'count', maxRows: 'count' } as const
const hooks = { onQuery: 'callback', onSlowQuery: 'callback', slowQueryMs: 'count', logger: 'part' } as const
const timeouts = (...names: string[]) => Object.fromEntries(names.map((name) => [name, 'count' as const]))
const importing = { conflict: 'oneOf', batchRows: 'count', onProgress: 'callback', signal: 'part' } as const

const repositories: Readonly<Record<string, readonly Parameter[]>> = {
  'collections.create': [values, withTx],
  'collections.get': [id, getting],
  'collections.list': [['options', { fields: { ...tx, ...filter, ...page } }]],
  'collections.count': [['options', { fields: { ...tx, ...filter } }]],
  'collections.update': [id, ['changes', 'values', {}], withTx],
  'collections.upsert': [values, withTx],
  'collections.duplicate': [id, ['changes', 'object?'], withTx],
  'collections.trash': [id, withTx],
  'collections.restore': [id, withTx],
  'collections.delete': [id, withTx],
  'collections.emptyTrash': [emptyTrash],
  'entries.create': [values, withTx],
  'entries.get': [id, getting],
  'entries.list': [['options', { fields: { ...tx, ...filter, ...page, collectionId: 'ids' } }]],
  'entries.count': [['options', { fields: { ...tx, ...filter, collectionId: 'ids' } }]],
  'entries.countByCollection': [['options', { fields: { ...tx, ...filter, collectionId: 'ids' } }]],
  'entries.update': [id, ['changes', 'values', {}], withTx],
  'entries.upsert': [values, withTx],
  'entries.move': [id, ['options', { isRequired: true, fields: { ...tx, to: 'text' } }]],
  'entries.duplicate': [id, ['changes', 'object?'], place],
  'entries.trash': [id, withTx],
  'entries.restore': [id, place],
  'entries.delete': [id, withTx],
  'entries.emptyTrash': [emptyTrash],
  'settings.get': [['collectionId', 'id', 'x'], withTx],
  'settings.list': [withTx],
  'settings.count': [withTx],
  'settings.upsert': [['collectionId', 'id', 'x'], values, withTx],
  'settings.delete': [['collectionId', 'id', 'x'], withTx],
  search: [
    ['text', 'text', 'x'],
    [
      'options',
      {
        fields: {
          limit: 'count',
          offset: 'count',
          collectionId: 'id',
          userId: 'owner',
          includeDeleted: 'flag',
          skipPending: 'flag',
        },
      },
    ],
  ],
  transaction: [['run', 'callback']],
}

/** What is passed on to PGlite's own reading. */
const toPglite: Parameter = ['options', 'object?']
const listening: readonly Parameter[] = [
  ['channel', 'text', 'x'],
  ['callback', 'callback', () => undefined],
  ['tx', 'object?'],
]

/** Every public call, and what it takes. A call that is not here fails the test below. */
const surface: Readonly<Record<string, readonly Parameter[]>> = {
  'root.isTypystDbError': [],
  'validation.collectionInsertSchema.~standard.validate': [],
  'validation.collectionSettingsSchema.~standard.validate': [],
  'validation.collectionUpdateSchema.~standard.validate': [],
  'validation.entryInsertSchema.~standard.validate': [],
  'validation.entryUpdateSchema.~standard.validate': [],
  'workerEntry.serveAppDatabase': [],
  'testing.createTestAuthDatabase': [],
  'testing.createTestAppDatabase': [['options', { fields: {} }]],
  'opentelemetry.createOpenTelemetryMetrics': [['options', { fields: { meter: 'part' } }]],
  'telemetry.onQuery': [['event', 'values']],
  'telemetry.watchPool': [
    ['database', 'part', authDb],
    ['name', 'text'],
  ],
  'prometheus.createPrometheusMetrics': [['options', { fields: { registry: 'part', buckets: 'numbers' } }]],
  'counters.onQuery': [['event', 'values']],
  'counters.watchPool': [['database', 'part']],
  'appEntry.isTypystDbError': [],
  'appEntry.createId': [],
  'appEntry.readStorageQuota': [],
  'appEntry.requestPersistence': [],
  'appEntry.exportRaw': [['dataDir', 'text']],
  'appEntry.salvage': [
    ['dataDir', 'text', 'idb://x'],
    ['options', { fields: { passphrase: 'text' } }],
  ],
  'appEntry.userDataDir': [
    ['userId', 'id', 'x'],
    ['dataDir', 'text?'],
  ],
  'appEntry.migrationsFromDrizzleKit': [
    ['journal', 'part', { entries: [] }],
    ['sqlByPath', 'values'],
  ],
  'appEntry.createAppDatabase': [
    [
      'options',
      {
        fields: {
          ...hooks,
          ...timeouts('leaderTimeoutMs', 'transactionIdleTimeoutMs'),
          dataDir: 'text',
          durability: 'oneOf',
          onStorageChange: 'callback',
          memoryFallback: 'flag',
          onProgress: 'callback',
          worker: 'callback',
          onEvent: 'callback',
          schema: 'values',
          migrations: 'columns',
          debug: 'debug',
        },
      },
    ],
  ],
  ...under('app', repositories),
  ...under('own', repositories),
  'app.forUser': [['userId', 'owner']],
  'app.claim': [['options', { isRequired: true, fields: { ...tx, to: 'id' } }]],
  'app.release': [['options', { isRequired: true, fields: { ...tx, of: 'id' } }]],
  'app.remove': [['options', { isRequired: true, fields: { of: 'id' } }]],
  'app.orphans': [['knownUserIds', 'known', []], withTx],
  'app.copyTo': [
    ['target', 'part', { db: app.db }],
    ['options', { fields: { of: 'owner', as: 'owner' } }],
  ],
  'app.live': [['query', 'part']],
  'live.subscribe': [['listener', 'callback']],
  'live.getSnapshot': [],
  'live.refresh': [],
  'live.dispose': [],
  'app.ready': [],
  'app.flush': [],
  'app.preload': [],
  'app.status': [],
  'app.close': [],
  'app.destroy': [],
  'app.transfer.importEntries': [
    ['source', 'stream', []],
    ['options', { fields: { ...importing, allOrNothing: 'flag' } }],
  ],
  'app.transfer.exportData': [['options', { fields: { passphrase: 'text' } }]],
  'app.transfer.importData': [
    ['exported', 'part', new Blob()],
    ['options', { fields: { ...importing, passphrase: 'text' } }],
  ],
  'app.transfer.exportMarkdown': [],
  'app.transfer.importMarkdown': [
    ['files', 'stream', []],
    ['options', { fields: { ...importing, allOrNothing: 'flag', rootCollection: 'text', as: 'owner' } }],
  ],
  'app.pgClient.query': [['query', 'text', 'x'], ['params', 'list?'], toPglite],
  'app.pgClient.sql': [['sql', 'template']],
  'app.pgClient.exec': [['query', 'text', 'x'], toPglite],
  'app.pgClient.describeQuery': [['query', 'text']],
  'app.pgClient.transaction': [['callback', 'callback']],
  'app.pgClient.runExclusive': [['fn', 'callback']],
  'app.pgClient.execProtocolRaw': [['message', 'bytes', new Uint8Array()], toPglite],
  'app.pgClient.execProtocolRawStream': [['message', 'bytes', new Uint8Array()], toPglite],
  'app.pgClient.execProtocol': [['message', 'bytes', new Uint8Array()], toPglite],
  'app.pgClient.listen': listening,
  'app.pgClient.unlisten': [['channel', 'text', 'x']],
  'app.pgClient.onNotification': [['callback', 'callback']],
  'app.pgClient.offNotification': [['callback', 'callback']],
  'app.pgClient.dumpDataDir': [['compression', 'oneOf?']],
  'app.pgClient.refreshArrayTypes': [],
  'app.pgClient.close': [],
  'authEntry.isTypystDbError': [],
  'authEntry.defineAuthSchema': [['options', 'foreign']],
  'authEntry.createAuthDatabase': [
    [
      'options',
      {
        fields: {
          ...hooks,
          ...timeouts(
            'acquireTimeoutMs',
            'connectTimeoutMs',
            'idleTimeoutMs',
            'statementTimeoutMs',
            'responseTimeoutMs',
            'lockTimeoutMs',
          ),
          ...timeouts('idleInTransactionTimeoutMs', 'closeTimeoutMs', 'migrationLockTimeoutMs', 'maxConnections'),
          connectionString: 'part',
          dataDir: 'text',
          schema: 'values',
          migrationUrl: 'text',
          reusePool: 'flag',
          debug: 'debug',
          onNotice: 'callback',
          preset: 'oneOf',
          tls: 'tls',
          preparedStatements: 'flag',
          pooler: 'oneOf',
          postgresSchema: 'schemaName',
        },
      },
    ],
  ],
  'authDb.sql': [['sql', 'template']],
  'authDb.sql.unsafe': [
    ['text', 'text', 'x'],
    ['params', 'list?'],
  ],
  'authDb.adapter': [['options', 'object']],
  'authDb.transaction': [
    ['run', 'callback', () => undefined],
    ['options', { fields: { retry: 'count', isolationLevel: 'oneOf', accessMode: 'oneOf', deferrable: 'flag' } }],
  ],
  'authDb.migrate': [],
  'authDb.rollback': [['steps', 'count?']],
  'authDb.migrationStatus': [],
  'authDb.verifyAuthSchema': [['options', 'object']],
  'authDb.assertNotExposed': [['options', { fields: { allowedViews: 'names', allowed: 'names' } }]],
  'authDb.exposure': [['options', { fields: { allowedViews: 'names', allowed: 'names' } }]],
  'authDb.ready': [],
  'authDb.health': [['options', { fields: { timeoutMs: 'count' } }]],
  'authDb.poolStatus': [],
  'authDb.close': [],
  'authDb.cleanUp': [['options', { fields: { ...purge, logger: 'part' } }]],
  'authDb.scheduleCleanUp': [
    ['options', { fields: { ...purge, logger: 'part', everyMs: 'count', onError: 'callback' } }],
  ],
  'authDb.users.find': [['by', 'part', { id: 'x' }], call],
  'authDb.users.list': [['options', { fields: { search: 'shortText', limit: 'count', after: 'shortText' } }], call],
  'authDb.users.ban': [
    ['userId', 'id', 'x'],
    ['options', { fields: { reason: 'shortText', expiresAt: 'date' } }],
    call,
  ],
  'authDb.users.unban': [['userId', 'id', 'x'], call],
  'authDb.sessions.active': [['userId', 'id', 'x'], call],
  'authDb.sessions.revoke': [['sessionId', 'id', 'x'], call],
  'authDb.sessions.revokeAll': [['userId', 'id', 'x'], ['options', { fields: { except: 'id' } }], call],
  'authDb.sessions.purgeExpired': [['options', { fields: purge }], call],
  'authDb.accounts.ofUser': [['userId', 'id', 'x'], call],
  'authDb.verifications.purgeExpired': [['options', { fields: purge }], call],
}

function under(
  owner: string,
  calls: Readonly<Record<string, readonly Parameter[]>>,
): Record<string, readonly Parameter[]> {
  return Object.fromEntries(Object.entries(calls).map(([name, parameters]) => [`${owner}.${name}`, parameters]))
}

const owners: Readonly<Record<string, object>> = {
  root,
  validation,
  workerEntry,
  testing,
  opentelemetry,
  prometheus,
  appEntry,
  authEntry,
  app,
  authDb,
  own: app.forUser('somebody'),
  live: app.live(app.db.select().from(app.schema.entry)),
  telemetry: opentelemetry.createOpenTelemetryMetrics(),
  counters: prometheus.createPrometheusMetrics(),
}

/** Drizzle's own, and the tables. */
const foreign = new Set(['db', 'schema'])

/** The paths of every function below an object; a class is none. */
function callsOf(path: string, members: readonly [name: string, member: unknown][]): string[] {
  return members.flatMap(([name, member]) => {
    if (foreign.has(name)) return []
    const own = typeof member === 'function' && !/^class /.test(member.toString()) ? [`${path}.${name}`] : []
    const isPlain = typeof member === 'object' && member !== null && Object.getPrototypeOf(member) === Object.prototype
    return isPlain || (own.length > 0 && name === 'sql')
      ? [...own, ...callsOf(`${path}.${name}`, valuesOf(Object(member) as object))]
      : own
  })
}

/** The members of an object, getters left alone: one of them opens the database. */
function valuesOf(value: object): [name: string, member: unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(value)).map(([name, descriptor]) => [name, descriptor.value])
}

function functionAt(path: string): (...args: unknown[]) => unknown {
  let place: unknown = owners
  for (const name of path.replace('~standard', '\0').split('.')) {
    place = Reflect.get(Object(place), name.replace('\0', '~standard'))
  }
  if (typeof place !== 'function') throw new Error(`${path} is no function.`)
  const call = place
  return (...args) => Reflect.apply(call, undefined, args) as unknown
}

/** What a call with these arguments comes to: an error, thrown or rejected with, or nothing. */
async function outcomeOf(path: string, args: readonly unknown[]): Promise<{ error?: unknown; wasThrown: boolean }> {
  let answer: unknown
  try {
    answer = functionAt(path)(...args)
  } catch (error) {
    return { error, wasThrown: true }
  }
  try {
    await answer
    return { wasThrown: false }
  } catch (error) {
    return { error, wasThrown: false }
  }
}

/** What is wrong with an error that a wrong argument gave. */
function problemOf(error: unknown, words: string): string | undefined {
  const [name = '', field = name] = words.replace(/:.*/s, '').split('.')
  if (!isTypystDbError(error)) return error === undefined ? 'was taken' : `gave ${String(Object(error))}`
  if (!/^INVALID_(INPUT|OPTIONS)$/.test(error.code)) return `gave ${error.code}`
  if (![name, field].some((each) => error.message.includes(each))) return `is not named: ${error.message}`
  const leak = leaksOf(error)
  return Object.keys(leak).length > 0 ? `leaks: ${JSON.stringify(leak)}` : undefined
}

/** The calls of one parameter with everything it does not take. */
function attempts(parameters: readonly Parameter[], at: number): [words: string, args: unknown[], isLater: boolean][] {
  const [name, kind] = parameters[at] ?? ['', 'any']
  const before = parameters.slice(0, at).map(([, , valid]) => valid)
  if (typeof kind === 'string') {
    const fine: readonly string[] = taken[kind]
    return Object.entries(wrongValues)
      .filter(([what]) => !fine.includes(what))
      .map(([what, make]) => [`${name}: ${what}`, [...before, make()], false])
  }
  const valid = Object.fromEntries(
    Object.entries(kind.fields).flatMap(([field, of]) => (of === 'id' || field === 'to' ? [[field, 'x']] : [])),
  )
  const whole = Object.entries(wrongValues)
    .filter(([what]) => !emptyObjects.some((each) => each === what) && (kind.isRequired === true || what !== 'nothing'))
    .map(([what, make]): [string, unknown[], boolean] => [`${name}: ${what}`, [...before, make()], false])
  const fields = Object.entries(kind.fields).flatMap(([field, of]) => {
    const fine: readonly string[] = [
      ...taken[of],
      ...(kind.isRequired === true && of !== 'executor' ? [] : ['nothing']),
    ]
    return Object.entries(wrongValues)
      .filter(([what]) => !fine.includes(what) && !(what === 'nothing' && of === 'executor'))
      .map(([what, make]): [string, unknown[], boolean] => [
        `${name}.${field}: ${what}`,
        [...before, { ...valid, [field]: make() }],
        true,
      ])
  })
  return [...whole, ...fields]
}

describe('arguments', () => {
  afterAll(async () => {
    await app.close()
    await authDb.close()
  })

  it('are declared here for every public call there is', () => {
    const found = Object.entries(owners).flatMap(([name, owner]) => callsOf(name, Object.entries(owner)))
    expect(found.toSorted()).toEqual(Object.keys(surface).toSorted())
  })

  it.for(Object.keys(surface).filter((path) => surface[path]?.length))('of %s are refused by name', async (path) => {
    const parameters = surface[path] ?? []
    const problems: string[] = []
    for (const at of parameters.keys()) {
      for (const [words, args] of attempts(parameters, at)) {
        const { error } = await outcomeOf(path, args)
        const problem = problemOf(error, words)
        if (problem !== undefined) problems.push(`${words}: ${problem}`)
      }
    }
    expect(problems).toEqual([])
    const tooMany = [...parameters.map(([, , valid]) => valid), secret]
    const isMethod = ['app', 'own', 'authDb', 'live'].includes(path.split('.')[0] ?? '')
    if (isMethod && !parameters.some(([, kind]) => kind === 'template'))
      expect(isTypystDbError((await outcomeOf(path, tooMany)).error), 'too many').toBe(true)
  })

  it('opened nothing and asked the database nothing', () => {
    expect(app.pgClient.ready).toBe(false)
    expect(queries).toBe(0)
  })

  it('are read once, so that they cannot change between the check and the use', async () => {
    let reads = 0
    const options = {
      get limit() {
        reads += 1
        return reads === 1 ? 1 : Number.NaN
      },
    }
    expect(await app.entries.list(options)).toMatchObject({ rows: [] })
    expect(reads).toBe(1)
  })

  it('that come one by one are refused where they come', async () => {
    for (const make of Object.values(wrongValues).slice(0, 14)) {
      const entries = app.transfer.importEntries([make()] as never)
      const files = app.transfer.importMarkdown([make()] as never)
      for (const imported of [entries, files]) {
        expect(await imported.catch((error: unknown) => error)).toMatchObject({ code: 'INVALID_INPUT' })
      }
    }
  })

  it("of Better Auth's options that decide about tables are refused by name", async () => {
    for (const part of ['plugins', 'user', 'session', 'rateLimit', 'advanced']) {
      for (const make of [() => 5, () => secret, () => null, () => [5], wrongValues['a proxy that throws'] ?? fail]) {
        const options = { [part]: make() } as never
        for (const path of ['authEntry.defineAuthSchema', 'authDb.verifyAuthSchema']) {
          const { error } = await outcomeOf(path, [options])
          expect(error, `${path} ${part}`).toMatchObject({ code: expect.stringMatching(/^INVALID_/) as string })
          expect(leaksOf(error)).toEqual({})
        }
      }
    }
  })

  it('that throw in a check of a form are problems of the form', () => {
    for (const make of Object.values(wrongValues)) {
      const { issues } = validation.entryInsertSchema['~standard'].validate(make()) as { issues?: unknown[] }
      expect(issues?.length).toBeGreaterThan(0)
    }
    for (const make of Object.values(wrongValues)) expect(root.isTypystDbError(make())).toBe(false)
  })
})
