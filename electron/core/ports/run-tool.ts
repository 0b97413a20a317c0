import { execFile } from 'node:child_process'

/**
 * Runs a system tool without a shell and answers its standard output. Rejects when it cannot be run, takes longer than
 * `timeoutMs`, or fails without printing anything (`lsof` fails with status 1 when one of several files is not open).
 */
export function runTool(
  program: string,
  args: readonly string[],
  options: { readonly timeoutMs?: number; readonly env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C', ...options.env }
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      { env, timeout: options.timeoutMs ?? 10_000, maxBuffer: 64 << 20 },
      (error, stdout) => {
        if (error && (typeof error.code !== 'number' || stdout.length === 0)) {
          if (error.code === 1 && stdout.length === 0) resolve('')
          else reject(error)
        } else resolve(stdout)
      },
    )
  })
}
