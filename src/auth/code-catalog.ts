/** What `exposure()` asks the catalog for to link code: functions, relations, and what runs or shows what. */

/** A function as it is stored. */
export interface StoredFunction {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly subject: string
  readonly language: string
  readonly source: string
  /** Whether its names were looked up when it was created. */
  readonly isBound: boolean
  readonly isDefiner: boolean
  readonly owner: string
  /** The setting `search_path` that it runs with, where it has one of its own. */
  readonly path: string | null
  /** Whether its owner has rights on an auth table, or on a view that shows one. */
  readonly canReach: boolean
  /** Whether `row.name` can call it. */
  readonly isAttribute: boolean
  /** Which roles of the Data API can have it run. */
  readonly callers: readonly string[]
}

/** A relation as it is stored. */
export interface CatalogRelation {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly subject: string
  readonly kind: string
  readonly isAuth: boolean
  /** Whether it is an auth table or a view over one. */
  readonly isSensitive: boolean
  readonly asksAsOwner: boolean
  readonly readers: readonly string[]
  readonly writers: readonly string[]
}

/** A function that a relation runs, by ids. */
export interface StoredRun {
  readonly relation: string
  readonly name: string
  readonly kind: 'trigger' | 'rule' | 'default' | 'check' | 'view'
  readonly function: string
}

/** Where rows of a relation get, by ids. */
export interface StoredFlow {
  readonly kind: 'view' | 'child' | 'rule'
  readonly from: string
  readonly to: string
  readonly name: string | null
}

/** What the queries give. */
export interface CodeCatalog {
  readonly functions: readonly StoredFunction[]
  readonly relations: readonly CatalogRelation[]
  readonly runs: readonly StoredRun[]
  readonly flows: readonly StoredFlow[]
}
