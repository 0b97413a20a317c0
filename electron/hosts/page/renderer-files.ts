// What a host serves to its page: exactly the files of the built renderer, known by name before the first request. A
// request never becomes a path, so there is nothing to traverse.
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

export interface PageFile {
  readonly type: string
  readonly body: Uint8Array
}

export interface RendererFiles {
  /** `path` is a URL's, still percent-encoded; `/` is the page. Null for everything that was not built. */
  read(path: string, nonce: string): Promise<PageFile | null>
}

/** Lists the built renderer once. Rejects with the system's error when there is none. */
export async function listRendererFiles(folder: string): Promise<RendererFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, string>()
  for (const entry of entries) {
    if (!entry.isFile() || types[extname(entry.name)] === undefined) continue
    const file = join(entry.parentPath, entry.name)
    files.set(`/${relative(folder, file).split(sep).join('/')}`, file)
  }
  if (!files.has('/index.html')) throw new Error(`There is no built window in ${folder}`)
  return {
    read: async (path, nonce) => {
      const name = decoded(path)
      const file = name === null ? undefined : files.get(name === '/' ? '/index.html' : name)
      if (file === undefined) return null
      const type = types[extname(file)] ?? 'application/octet-stream'
      const body = await readFile(file)
      return { type, body: extname(file) === '.html' ? withNonce(body, nonce) : body }
    },
  }
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

function withNonce(page: Uint8Array, nonce: string): Uint8Array {
  const text = Buffer.from(page).toString('utf8')
  const meta = `<meta property="csp-nonce" nonce="${nonce}">`
  return Buffer.from(text.replace(/<head(\s[^>]*)?>/i, (head) => `${head}${meta}`))
}
