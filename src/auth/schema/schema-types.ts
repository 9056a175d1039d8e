/** The types of the tables and relations that `defineAuthSchema` builds, computed from Better Auth's own types. */
import type { BetterAuthOptions } from 'better-auth'
import type { One, Many, Relations } from 'drizzle-orm'
import type { PgColumn, PgTableWithColumns } from 'drizzle-orm/pg-core'
import type { AuthSchema as CoreSchema } from '../../schema/auth.ts'

/** The part of Better Auth's options that decides about tables. The whole of `auth.options` fits. */
export type AuthSchemaOptions = Pick<
  BetterAuthOptions,
  'plugins' | 'user' | 'session' | 'account' | 'verification' | 'rateLimit' | 'advanced'
>

/** The tables and relations of a configuration, by the keys Better Auth's adapter asks for. */
export type AuthSchemaOf<TOptions> = {
  [Model in keyof Models<TOptions> & string as KeyOf<TOptions, Model>]: TableOf<TOptions, Model>
} & {
  [Model in keyof Models<TOptions> & string as `${KeyOf<TOptions, Model>}Relations`]: Relations<
    NameOf<TOptions, Model>,
    OnesOf<TOptions, Model> & BacksOf<TOptions, Model>
  >
}

type CoreModel = 'user' | 'session' | 'account' | 'verification'

/** Where a plugin's types and the schema it has at run time disagree: the latter, `never` for a field that is not there. */
interface Corrections {
  organization: { updatedAt: never; metadata: { type: 'string'; required: false } }
  invitation: { role: { type: 'string'; required: false }; expiresAt: { type: 'date' } }
}

type Intersect<TUnion> = (TUnion extends unknown ? (value: TUnion) => void : never) extends (value: infer All) => void
  ? All
  : never
type IsUnion<T, TAll = T> = [T] extends [never]
  ? false
  : T extends unknown
    ? [TAll] extends [T]
      ? false
      : true
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
type Models<TOptions> = CoreFields & {
  [Model in Exclude<keyof PluginSchema<TOptions>, CoreModel>]: unknown
} & (TOptions extends { rateLimit: { storage: 'database' } } ? { rateLimit: unknown } : unknown)

type AddedFields<TOptions, TModel> = (TModel extends 'rateLimit' ? RateLimitFields : PluginFields<TOptions, TModel>) &
  AdditionalFields<TOptions, TModel>
type AllFields<TOptions, TModel> = AddedFields<TOptions, TModel> &
  (TModel extends CoreModel ? CoreFields[TModel] : unknown)

/** A name given by the options or the plugin, where its type tells which. */
type GivenName<T> = T extends { modelName: infer Name extends string } ? (string extends Name ? never : Name) : never
type Or<TName, TDefault> = [TName] extends [never] ? TDefault : TName
type KeyOf<TOptions, TModel extends string> = Or<
  GivenName<TModel extends keyof TOptions ? TOptions[TModel] : never>,
  Or<GivenName<TModel extends keyof PluginSchema<TOptions> ? PluginSchema<TOptions>[TModel] : never>, TModel>
> &
  string
type NameOf<TOptions, TModel extends string> = SnakeCase<KeyOf<TOptions, TModel>>
type SnakeCase<T extends string> = T extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : T

type FieldKey<TField, TKey> = TField extends { fieldName: infer Name extends string }
  ? string extends Name
    ? TKey
    : Name
  : TKey
type CoreKey<TOptions, TModel, TKey> =
  TOptions extends Record<TModel & string, { fields: Record<TKey & string, infer Name extends string> }>
    ? string extends Name
      ? TKey
      : Name
    : TKey

type IdData<TOptions> = TOptions extends { advanced: { database: { generateId: 'serial' } } } ? number : string
type DataOf<TType> = TType extends 'string'
  ? string
  : TType extends 'number'
    ? number
    : TType extends 'boolean'
      ? boolean
      : TType extends 'date'
        ? Date
        : TType extends 'string[]'
          ? string[]
          : TType extends 'number[]'
            ? number[]
            : TType extends readonly (infer Choice)[]
              ? Choice
              : unknown
type FieldData<TOptions, TField> = TField extends { references: { field: infer Field } }
  ? 'id' extends Field
    ? IdData<TOptions>
    : string
  : TField extends { type: infer Type }
    ? DataOf<Type>
    : unknown
type IsRequired<TField> = TField extends { required: infer Required } ? (false extends Required ? false : true) : true
type HasDefault<TField> = TField extends { defaultValue: infer Value }
  ? [Value] extends [undefined | null]
    ? false
    : true
  : false

type ColumnOf<TTable extends string, TData, TNotNull extends boolean, TDefault extends boolean> = PgColumn<{
  name: string
  tableName: TTable
  dataType: 'custom'
  columnType: string
  data: TData
  driverParam: unknown
  notNull: TNotNull
  hasDefault: TDefault
  isPrimaryKey: false
  isAutoincrement: false
  hasRuntimeDefault: false
  enumValues: undefined
  baseColumn: never
  identity: undefined
  generated: undefined
}>

type CoreColumns<TOptions, TModel extends string> = TModel extends CoreModel
  ? {
      [
        Key in keyof CoreSchema[TModel]['_']['columns'] as Key extends 'id' ? never : CoreKey<TOptions, TModel, Key>
      ]: Key extends 'userId'
        ? ColumnOf<NameOf<TOptions, TModel>, IdData<TOptions>, true, false>
        : CoreSchema[TModel]['_']['columns'][Key]
    }
  : unknown
type AddedColumns<TOptions, TModel extends string, TFields> = {
  [Key in keyof TFields as FieldKey<TFields[Key], Key> & string]: ColumnOf<
    NameOf<TOptions, TModel>,
    FieldData<TOptions, TFields[Key]>,
    IsRequired<TFields[Key]>,
    HasDefault<TFields[Key]>
  >
}
/** Better Auth makes the keys unless the database does. */
type HasIdDefault<TOptions> = TOptions extends { advanced: { database: { generateId: 'serial' | 'uuid' } } }
  ? true
  : false
type TableOf<TOptions, TModel extends string> = PgTableWithColumns<{
  name: NameOf<TOptions, TModel>
  schema: undefined
  columns: {
    id: ColumnOf<NameOf<TOptions, TModel>, IdData<TOptions>, true, HasIdDefault<TOptions>>
  } & CoreColumns<TOptions, TModel> &
    AddedColumns<TOptions, TModel, AddedFields<TOptions, TModel>>
  dialect: 'pg'
}>

/** The model a field refers to; some plugins' types say only `string`, and then the field's name tells. */
type Referred<TOptions, TField, TKey> = TField extends { references: { model: infer Model } }
  ? string extends Model
    ? TKey extends `${infer Name}Id`
      ? Name & keyof Models<TOptions>
      : never
    : Model & keyof Models<TOptions>
  : never
type KeysReferring<TOptions, TFields, TModel> = {
  [Key in keyof TFields]: [Referred<TOptions, TFields[Key], Key>] extends [never]
    ? never
    : Referred<TOptions, TFields[Key], Key> extends TModel
      ? Key
      : never
}[keyof TFields] &
  string

type OnesOf<TOptions, TModel extends string, TFields = AllFields<TOptions, TModel>> = {
  [
    Key in keyof TFields & string as [Referred<TOptions, TFields[Key], Key>] extends [never]
      ? never
      : OneName<TOptions, TFields, Key, Referred<TOptions, TFields[Key], Key> & string>
  ]: One<NameOf<TOptions, Referred<TOptions, TFields[Key], Key> & string>, IsRequired<TFields[Key]>>
}
type OneName<TOptions, TFields, TKey extends string, TReferred extends string> =
  IsUnion<KeysReferring<TOptions, TFields, TReferred>> extends true
    ? TKey extends `${infer Name}Id`
      ? Name
      : TKey
    : KeyOf<TOptions, TReferred>

type BacksOf<TOptions, TModel extends string> = Intersect<
  {
    [Other in Exclude<keyof Models<TOptions>, TModel> & string]: BacksFrom<
      TOptions,
      TModel,
      Other,
      AllFields<TOptions, Other>
    >
  }[Exclude<keyof Models<TOptions>, TModel> & string]
>
type BacksFrom<TOptions, TModel extends string, TOther extends string, TFields> = {
  [
    Key in KeysReferring<TOptions, TFields, TModel> as BackName<
      TOptions,
      TOther,
      Key,
      TFields[Key & keyof TFields],
      IsUnion<KeysReferring<TOptions, TFields, TModel>>
    >
  ]: TFields[Key & keyof TFields] extends { unique: true }
    ? One<NameOf<TOptions, TOther>, false>
    : Many<NameOf<TOptions, TOther>>
}
type BackName<
  TOptions,
  TOther extends string,
  TKey extends string,
  TField,
  TIsOneOfSeveral,
> = `${KeyOf<TOptions, TOther>}${TField extends { unique: true } ? '' : 's'}${TIsOneOfSeveral extends true ? `By${Capitalize<TKey>}` : ''}`
