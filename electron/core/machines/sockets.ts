import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'

/** The same socket by the same path: links in its folder resolved (macOS: /tmp is /private/tmp). */
export async function canonicalEndpoint(endpoint: QmpEndpoint): Promise<QmpEndpoint> {
  if (endpoint.kind === 'tcp') return { ...endpoint, host: endpoint.host === 'localhost' ? '127.0.0.1' : endpoint.host }
  const folder = dirname(endpoint.path)
  const real = await realpath(folder).catch(() => folder)
  return { kind: 'unix', path: join(real, basename(endpoint.path)) }
}
