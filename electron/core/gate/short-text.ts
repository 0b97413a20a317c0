const longest = 200

/** A call's input as the log shows it: JSON, cut after 200 characters. Never throws, whatever a page sent. */
export function shortText(input: unknown): string {
  let text: string
  try {
    text = JSON.stringify(input) ?? String(input)
  } catch {
    text = Object.prototype.toString.call(input)
  }
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text
}
