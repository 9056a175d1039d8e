/** The type of a model's table, computed from its fields. */
import type { PgColumn, PgTableWithColumns } from 'drizzle-orm/pg-core'
import type { AuthSchema as CoreSchema } from '../../schema/auth.ts'
import type { AddedFields, CoreModel, NameOf } from './model-types.ts'

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
export type IsRequired<TField> = TField extends { required: infer Required }
  ? false extends Required
    ? false
    : true
  : true
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
export type TableOf<TOptions, TModel extends string> = PgTableWithColumns<{
  name: NameOf<TOptions, TModel>
  schema: undefined
  columns: {
    id: ColumnOf<NameOf<TOptions, TModel>, IdData<TOptions>, true, HasIdDefault<TOptions>>
  } & CoreColumns<TOptions, TModel> &
    AddedColumns<TOptions, TModel, AddedFields<TOptions, TModel>>
  dialect: 'pg'
}>
