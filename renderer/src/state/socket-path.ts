// What the system allows as the path of a socket, told before anybody connects.

/** A UNIX socket's path fits into 104 bytes on macOS and 108 on Linux, with its end mark (`sun_path`). */
export function socketPathError(path: string, platform: 'darwin' | 'linux'): string | null {
  const most = platform === 'darwin' ? 103 : 107
  const length = new TextEncoder().encode(path).length
  if (!path.startsWith('/') || length <= most) return null
  return `This path has ${length} bytes; the system allows ${most} for a socket. Use a shorter folder.`
}
