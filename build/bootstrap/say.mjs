// What the two commands say to a person: one line at a time, always what and why.

/** @param {string} text */
export function say(text) {
  console.log(`floe: ${text}`)
}

/**
 * Ends with one clear line.
 * @param {string} text what is wrong
 * @param {string} [remedy] what to do
 * @returns {never}
 */
export function giveUp(text, remedy) {
  console.error(`floe: ${text}${remedy ? ` ${remedy}` : ''}`)
  process.exit(1)
}
