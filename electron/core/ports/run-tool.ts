import { execFile } from 'node:child_process'

/** What `lsof` says when it saw less than everything, or was asked for a file that is gone: no failure. */
const harmless = /^(lsof: (WARNING|status error)|\s*Output information may be incomplete|\s*assuming "dev=)/

/**
 * Runs a system tool without a shell and answers its standard output. `lsof` ends with status 1 when it found nothing:
 * that is an empty answer. Rejects when the tool cannot be run, takes longer than `timeoutMs`, or complains.
 */
export function runTool(
  program: string,
  args: readonly string[],
  options: { readonly timeoutMs?: number; readonly env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C', ...options.env }
  const limits = { env, timeout: options.timeoutMs ?? 10_000, maxBuffer: 64 << 20 }
  return new Promise((resolve, reject) => {
    execFile(program, [...args], limits, (error, stdout, stderr) => {
      const complaints = stderr.split('\n').filter((line) => line.trim() !== '' && !harmless.test(line))
      const foundNothing = error?.code === 1 && complaints.length === 0
      if (error && !foundNothing) reject(error)
      else resolve(stdout)
    })
  })
}
