/** A file that someone wants to import, and the path they know it by. */
export interface MarkdownSource {
  /** Relative to what was picked or dropped, such as `recipes/bread.md`. */
  readonly path: string
  readonly file: File
}

const markdownName = /\.(?:md|markdown)$/i

export const isMarkdown = ({ path }: Pick<MarkdownSource, 'path'>): boolean => markdownName.test(path)

/** `recipes/bread.md` becomes `recipes/bread`. */
export const titleOf = ({ path }: MarkdownSource): string => path.replace(markdownName, '')
