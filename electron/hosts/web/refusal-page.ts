/** The page of a refused request: a browser shows nothing useful for a 403 without a body. */
export function refusalPage(reason: 'no-session' | 'used-ticket' | 'wrong-address' | 'not-found'): string {
  const [title, text] = texts[reason]
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Floe</title></head>
<body><h1>${title}</h1><p>${text}</p></body></html>
`
}

const again =
  'Run <code>floe serve</code> (or <code>npm start</code>) once more: it prints a new address, and opens it where it can.'

const texts = {
  'no-session': ['This browser is not signed in to Floe', `Floe opens only from the address it printed. ${again}`],
  'used-ticket': [
    'This address was used already',
    `Each address that Floe prints works once, in one browser. If that was this browser, the page is <a href="/">here</a>. ${again}`,
  ],
  'wrong-address': [
    'Floe does not answer under this address',
    `Open Floe under the address it printed, which begins with http://127.0.0.1. ${again}`,
  ],
  'not-found': ['There is no such page', 'Floe is <a href="/">here</a>.'],
} as const
