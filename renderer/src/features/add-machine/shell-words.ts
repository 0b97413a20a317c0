// Splits a command line into words.

/** Splits like a shell: quotes, backslashes and continued lines; nothing is expanded. */
export function shellWords(text: string): readonly string[] {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  const characters = [...text.replaceAll(/\\\r?\n/g, ' ')]
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? ''
    if (quote !== null) {
      if (character === quote) quote = null
      else word = (word ?? '') + character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === '\\') {
      index += 1
      word = (word ?? '') + (characters[index] ?? '')
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + character
  }
  if (word !== null) words.push(word)
  return words
}
