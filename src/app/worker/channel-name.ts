/** Names of notification channels, as SQL writes them and as Postgres reports them. */

/** The name Postgres reports for a channel that was written in SQL. */
export function channelName(channel: string): string {
  return channel.startsWith('"') && channel.endsWith('"') ? channel.slice(1, -1) : channel.toLowerCase()
}
