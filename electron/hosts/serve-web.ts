import type { HomeSession } from '../core/control/home-session.ts'
import { FloeError } from '../core/errors.ts'
import type { Ports } from '../core/ports/index.ts'
import { startWebHost } from './web/web-host.ts'

/**
 * The web host over a home that was joined; ends both with `close`. When it cannot start, the home is left again.
 * @throws FloeError `ipc/invalid-input` for a port that is taken, `system/tool-missing` when the window was not built
 */
export async function serveWeb(options: {
  readonly session: HomeSession
  readonly ports: Ports
  readonly rendererDir: string
  readonly port: number | null
  readonly demo: boolean
}): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { session, ports, rendererDir, port } = options
  try {
    const host = await startWebHost({
      client: session.client,
      rendererDir,
      ports,
      ...(port === null ? {} : { port }),
    })
    // Not waited for: the page shows how far it is.
    if (options.demo) void session.client.invoke('demo.start', {})
    return {
      url: host.url,
      close: async () => {
        await host.close()
        await session.stop()
      },
    }
  } catch (error) {
    await session.stop()
    throw explain(error, port, rendererDir)
  }
}

function explain(error: unknown, port: number | null, rendererDir: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE' || code === 'EACCES') {
    return new FloeError(
      'ipc/invalid-input',
      `Port ${port} can't be used: ${code === 'EACCES' ? 'it is reserved' : 'another program has it'}.`,
      {
        params: { port: port ?? 0 },
        remedy: 'Choose another one, or leave --port out.',
        cause: error,
      },
    )
  }
  if (code === 'ENOENT') {
    return new FloeError('system/tool-missing', `The window is not built: ${rendererDir} is missing.`, {
      params: { tool: 'renderer', command: 'npm run build' },
      remedy: 'Build it with: npm run build',
      cause: error,
    })
  }
  return error
}
