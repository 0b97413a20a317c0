// What no page of Floe may do, in one place: leave its origin, open windows, embed web views, use device permissions.
// See the Electron security checklist (docs/tutorial/security.md), items 5, 12 to 15.
import { app, type Session, shell, type WebContents } from 'electron'
import type { Logger } from '../../core/ports/index.ts'

/** The only places a link may lead to, in the system's browser. */
const linkHosts = new Set(['www.qemu.org', 'qemu.org', 'wiki.qemu.org', 'brew.sh', 'github.com'])

export function mayOpenOutside(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, port } = new URL(url)
  return protocol === 'https:' && linkHosts.has(hostname) && username === '' && port === ''
}

/** Applies to every web contents there will ever be. */
export function guardAllPages(logger: Logger): void {
  app.on('web-contents-created', (_, contents) => guardPage(contents, logger))
}

function guardPage(contents: WebContents, logger: Logger): void {
  const deny = (what: string) => (event: { preventDefault(): void }, url?: unknown) => {
    event.preventDefault()
    logger.warn(`A page was kept from ${what}`, typeof url === 'string' ? { url } : {})
  }
  contents.on('will-navigate', (event) => deny('leaving')(event, event.url))
  contents.on('will-redirect', (event) => deny('being led away')(event, event.url))
  contents.on('will-frame-navigate', (event) => deny('leaving')(event, event.url))
  contents.on('will-attach-webview', (event) => deny('embedding another page')(event))
  contents.setWindowOpenHandler(({ url }) => {
    if (mayOpenOutside(url)) {
      void shell
        .openExternal(url)
        .catch((error: unknown) => logger.warn('A link did not open', { error: String(error) }))
    } else logger.warn('A page was kept from opening a window', { url })
    return { action: 'deny' }
  })
}

/** Copying text is all that a page needs. */
const allowedPermissions = new Set(['clipboard-sanitized-write'])

export function guardPermissions(session: Session): void {
  session.setPermissionRequestHandler((_, permission, answer) => answer(allowedPermissions.has(permission)))
  session.setPermissionCheckHandler((_, permission) => allowedPermissions.has(permission))
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event) => event.preventDefault())
}
