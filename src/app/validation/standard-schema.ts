/** The interface of https://standardschema.dev, version 1, as far as schemas without transformations need it. */

/** A schema that forms and routers know how to use, whichever library made it. */
export interface StandardSchema<TValue> {
  readonly '~standard': {
    readonly version: 1
    /** Who made the schema. */
    readonly vendor: string
    /** Checks a value, which may be anything. */
    readonly validate: (value: unknown) => StandardResult<TValue>
    /** There for the compiler only. */
    readonly types?: { readonly input: TValue; readonly output: TValue } | undefined
  }
}

/** The checked value, or what is wrong with it. */
export type StandardResult<TValue> =
  { readonly value: TValue; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

/** One thing that is wrong. */
export interface StandardIssue {
  /** A sentence to show beside the field; it never quotes the value. */
  readonly message: string
  /** The field; none when the value as a whole is wrong. */
  readonly path?: readonly string[] | undefined
}
