/** The types of a model's relations: to what its fields refer to, and back from what refers to it. */
import type { Many, One } from 'drizzle-orm'
import type { AllFields, Intersect, KeyOf, Models, NameOf } from './model-types.ts'
import type { IsRequired } from './table-types.ts'

type IsUnion<T, TAll = T> = [T] extends [never]
  ? false
  : T extends unknown
    ? [TAll] extends [T]
      ? false
      : true
    : never

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

export type OnesOf<TOptions, TModel extends string, TFields = AllFields<TOptions, TModel>> = {
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

export type BacksOf<TOptions, TModel extends string> = Intersect<
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
