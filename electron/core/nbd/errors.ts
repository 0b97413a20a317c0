const names: Readonly<Record<number, string>> = {
  1: 'EPERM',
  5: 'EIO',
  12: 'ENOMEM',
  22: 'EINVAL',
  28: 'ENOSPC',
  75: 'EOVERFLOW',
  95: 'ENOTSUP',
  108: 'ESHUTDOWN',
}

/** The server could not do what was asked; the connection goes on. */
export class NbdServerError extends Error {
  readonly errno: number

  constructor(errno: number, text: string) {
    super(text || `The NBD server answered ${names[errno] ?? `error ${errno}`}.`)
    this.name = 'NbdServerError'
    this.errno = errno
  }
}

/** The connection is over: broken off, or what came is not NBD. */
export class NbdConnectionError extends Error {
  constructor(text: string, cause?: unknown) {
    super(text, cause === undefined ? undefined : { cause })
    this.name = 'NbdConnectionError'
  }
}
