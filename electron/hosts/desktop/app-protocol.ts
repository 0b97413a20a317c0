import { protocol } from 'electron'
import { contentSecurityPolicy, newNonce, safetyHeaders } from '../page/content-security-policy.ts'
import type { RendererFiles } from '../page/renderer-files.ts'

/** The window's own origin. Not `file:`, which would make every file of the disk a neighbour. */
export const pageUrl = 'app://bundle/'

/** Is this URL a page of ours? Compares the parsed parts, never the text. */
export function isOurPage(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol: scheme, host } = new URL(url)
  return scheme === 'app:' && host === 'bundle'
}

/** Must run before Electron is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

/** Serves the built renderer, and nothing else, under `app://bundle/`. */
export function serveAppScheme(files: RendererFiles): void {
  protocol.handle('app', async (request) => {
    const nonce = newNonce()
    const file =
      isOurPage(request.url) && request.method === 'GET' ? await files.read(new URL(request.url).pathname, nonce) : null
    const headers = { ...safetyHeaders, 'content-security-policy': contentSecurityPolicy(nonce) }
    if (file === null) return new Response('There is no such file in Floe.', { status: 404, headers })
    const body = new Uint8Array(file.body).buffer
    return new Response(body, { headers: { ...headers, 'content-type': file.type } })
  })
}
