import { spawn } from 'node:child_process'

/** Opens an address in the system's browser; `failed` is called when there is none. */
export function openBrowser(url: string, failed: () => void): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const child = spawn(program, [url], { detached: true, stdio: 'ignore' })
  child.once('error', failed)
  child.once('exit', (status) => {
    if (status !== 0) failed()
  })
  child.unref()
}
