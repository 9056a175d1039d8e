/** `describeQuery` in a tab: the types come from the worker, the functions for them from PGlite's module. */
import type { DescribeQueryResult } from '@electric-sql/pglite'
import { TypystDbError } from '../../errors.ts'
import { loadPGlite } from '../../pglite/load-pglite.ts'
import type { WireType } from '../worker/protocol.ts'
import type { TabClient } from './tab-client-types.ts'

/** Describes a query as PGlite does. Loads PGlite's code for its parsers, and starts nothing of it. */
export async function describeQuery({ call }: Pick<TabClient, 'call'>, text: string): Promise<DescribeQueryResult> {
  const answer = await call({ type: 'describe', text })
  if (answer.type !== 'description') {
    throw new TypystDbError('QUERY_FAILED', 'The worker gave an answer this code does not know. Reload the page.')
  }
  const { types } = await loadPGlite()
  const serializerOf = ({ dataTypeID, elementTypeID }: WireType): ((value: unknown) => string) | undefined =>
    elementTypeID === undefined
      ? types.serializers[dataTypeID]
      : (value) => types.arraySerializer(value, types.serializers[elementTypeID], dataTypeID)
  const parserOf = ({ dataTypeID, elementTypeID }: WireType): ((value: string) => unknown) | undefined =>
    elementTypeID === undefined
      ? types.parsers[dataTypeID]
      : (value): unknown => types.arrayParser(value, types.parsers[elementTypeID] ?? String, dataTypeID)
  // PGlite's declaration leaves out that it has no function for some types.
  return {
    queryParams: answer.params.map((type) => ({ dataTypeID: type.dataTypeID, serializer: serializerOf(type) })),
    resultFields: answer.fields.map((field) => ({
      name: field.name,
      dataTypeID: field.dataTypeID,
      parser: parserOf(field),
    })),
  } as DescribeQueryResult
}
