import {
  type BoundProcess,
  imageArgument,
  imageOptions,
  startBoundProcess,
  type ToolOptions,
} from '../qemu-img/index.ts'

export interface ServeOptions extends ToolOptions {
  readonly clients?: number
  /** `from-drive`: not from the system's memory of the file, where the file system can do that. */
  readonly reading?: 'cached' | 'from-drive'
  /** A persistent dirty bitmap of the image that is served beside its content. */
  readonly bitmap?: string
  /** `none`: its backing files stay closed, so what is read of its content means nothing. For its bitmap alone. */
  readonly backing?: 'opened' | 'none'
}

/** A running `qemu-nbd`. Disposing it ends the process and removes its socket. */
export type NbdServer = Pick<BoundProcess, 'pid' | 'socketPath'> & AsyncDisposable

/**
 * Serves an image read-only on a private unix socket. It ends with its user, with its only client, and with Floe,
 * however that ends.
 * @throws FloeError `system/tool-missing`, `system/tool-failed` in the tool's own words, `system/interrupted`
 */
export async function serveImage(
  image: { readonly path: string; readonly format: string },
  options: ServeOptions = {},
): Promise<NbdServer> {
  const fromDrive = { ...options, reading: options.reading ?? 'cached' } as const
  if (fromDrive.reading === 'cached') return serve(image, fromDrive)
  try {
    return await serve(image, fromDrive)
  } catch (error) {
    const cannot = error instanceof Error && /O_DIRECT|direct I\/O|Invalid argument/i.test(error.message)
    if (!cannot) throw error
    return serve(image, { ...options, reading: 'cached' })
  }
}

function serve(
  image: { readonly path: string; readonly format: string },
  options: ServeOptions & { readonly reading: 'cached' | 'from-drive' },
): Promise<NbdServer> {
  const alone = () => `json:${JSON.stringify({ ...imageOptions(image.path, image.format), backing: null })}`
  const argument = options.backing === 'none' ? alone() : imageArgument(image.path, image.format, options.reading)
  return startBoundProcess(
    'qemu-nbd',
    `open "${image.path}"`,
    ({ socketPath, readyFile }) => [
      '--read-only',
      `--shared=${options.clients ?? 1}`,
      ...(options.bitmap === undefined ? [] : [`--bitmap=${options.bitmap}`]),
      ...['-k', socketPath, '--pid-file', readyFile],
      argument,
    ],
    { ...options, folderPrefix: 'floe-nbd-' },
  )
}
