import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { type TempDir, tempDir } from './temp.ts'

/** QEMU's tools, one call of which fails: before it did anything, or right after it did it all. */
export interface FailingTools extends Disposable {
  /** Goes before PATH. */
  readonly folder: string
  /** Counts the calls from here on; `call` fails (from 1). Null: none. */
  fail(call: number | null, when: 'before' | 'after'): void
}

export function failingTools(): FailingTools {
  const dir: TempDir = tempDir('ft-')
  const [folder, plan, count] = [dir.file('bin'), dir.file('plan'), dir.file('count')]
  mkdirSync(folder)
  for (const tool of ['qemu-img', 'qemu-nbd']) {
    const script = `#!/bin/sh
echo x >> '${count}'
now=$(wc -l < '${count}')
read -r at when < '${plan}'
[ "$now" = "$at" ] && [ "$when" = before ] && exit 1
[ "$now" = "$at" ] && { /usr/bin/${tool} "$@" & child=$!; trap 'kill $child' TERM; wait $child; exit 1; }
exec /usr/bin/${tool} "$@"
`
    writeFileSync(`${folder}/${tool}`, script)
    chmodSync(`${folder}/${tool}`, 0o755)
  }
  const fail: FailingTools['fail'] = (call, when) => {
    rmSync(count, { force: true })
    writeFileSync(plan, `${call ?? 0} ${when}\n`)
  }
  fail(null, 'before')
  return { folder, fail, [Symbol.dispose]: () => dir[Symbol.dispose]() }
}
