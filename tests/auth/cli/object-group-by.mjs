/** Better Auth's command line asks for Node 22; this is what it misses in Node 20. */
Object.groupBy ??= (items, keyOf) => {
  const groups = Object.create(null)
  for (const [index, item] of [...items].entries()) (groups[keyOf(item, index)] ??= []).push(item)
  return groups
}
