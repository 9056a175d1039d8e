/** Which models a configuration of Better Auth has, with which fields, and what they are called. */
export type CoreModel = 'user' | 'session' | 'account' | 'verification'

/** Where a plugin's types and the schema it has at run time disagree: the latter, `never` for a field that is not there. */
interface Corrections {
  organization: { updatedAt: never; metadata: { type: 'string'; required: false } }
  invitation: { role: { type: 'string'; required: false }; expiresAt: { type: 'date' } }
}

export type Intersect<TUnion> = (TUnion extends unknown ? (value: TUnion) => void : never) extends (
  value: infer All,
) => void
  ? All
  : never

type PluginOf<TOptions> = TOptions extends { plugins: readonly (infer Plugin)[] } ? Plugin : never
type SchemaOfPlugin<TPlugin> = TPlugin extends { schema: infer Schema } ? Schema : never
type PluginSchema<TOptions> = [SchemaOfPlugin<PluginOf<TOptions>>] extends [never]
  ? unknown
  : Intersect<SchemaOfPlugin<PluginOf<TOptions>>>
type PluginFields<TOptions, TModel> =
  PluginSchema<TOptions> extends Record<TModel & string, { fields: infer Fields }>
    ? TModel extends keyof Corrections
      ? Corrected<Fields, Corrections[TModel]>
      : Fields
    : unknown
type Corrected<TFields, TCorrections> = {
  [
    Key in keyof (TFields & TCorrections) as Key extends keyof TCorrections
      ? [TCorrections[Key]] extends [never]
        ? never
        : Key
      : Key
  ]: Key extends keyof TCorrections ? TCorrections[Key] : TFields[Key & keyof TFields]
}

/** The fields that options of the table itself add. */
type AdditionalFields<TOptions, TModel> =
  TOptions extends Record<TModel & string, { additionalFields: infer Fields }> ? Fields : unknown

interface RateLimitFields {
  key: { type: 'string'; unique: true }
  count: { type: 'number' }
  lastRequest: { type: 'number' }
}
interface OfUser {
  userId: { type: 'string'; references: { model: 'user'; field: 'id' } }
}

/** The references of the core tables; their columns are typed in `schema/auth`. */
interface CoreFields {
  user: unknown
  session: OfUser
  account: OfUser
  verification: unknown
}

/** The fields of each model beyond the core's, which stand for their references only. */
export type Models<TOptions> = CoreFields & {
  [Model in Exclude<keyof PluginSchema<TOptions>, CoreModel>]: unknown
} & (TOptions extends { rateLimit: { storage: 'database' } } ? { rateLimit: unknown } : unknown)

export type AddedFields<TOptions, TModel> = (TModel extends 'rateLimit'
  ? RateLimitFields
  : PluginFields<TOptions, TModel>) &
  AdditionalFields<TOptions, TModel>
export type AllFields<TOptions, TModel> = AddedFields<TOptions, TModel> &
  (TModel extends CoreModel ? CoreFields[TModel] : unknown)

/** A name given by the options or the plugin, where its type tells which. */
type GivenName<T> = T extends { modelName: infer Name extends string } ? (string extends Name ? never : Name) : never
type Or<TName, TDefault> = [TName] extends [never] ? TDefault : TName
export type KeyOf<TOptions, TModel extends string> = Or<
  GivenName<TModel extends keyof TOptions ? TOptions[TModel] : never>,
  Or<GivenName<TModel extends keyof PluginSchema<TOptions> ? PluginSchema<TOptions>[TModel] : never>, TModel>
> &
  string
export type NameOf<TOptions, TModel extends string> = SnakeCase<KeyOf<TOptions, TModel>>
type SnakeCase<T extends string> = T extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : T
