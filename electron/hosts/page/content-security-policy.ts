import { randomBytes } from 'node:crypto'

/**
 * The policy of every page Floe serves. Styles need a nonce because React Aria injects two `<style>` elements (press and
 * scroll lock) and reads it from `<meta property="csp-nonce">`; style attributes are set by script and need nothing.
 * Trusted Types stay off: React Aria's live announcer assigns `innerHTML`.
 * `connect` names sources beyond the page's own origin, such as the web host's WebSocket.
 */
export function contentSecurityPolicy(nonce: string, connect: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    ["connect-src 'self'", ...connect].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export function newNonce(): string {
  return randomBytes(16).toString('base64')
}

/** Headers of every answer, page or not. */
export const safetyHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}
