// A Floe that restores and may be killed on the way: `node restore-child.ts HOME swap|undo ID CRASH_AT`. It ends itself
// with SIGKILL right before the step with that number or name, prints each step, and says `done` when it got through.
import { writeSync } from 'node:fs'
import type { PointId, RestoreId } from '../../shared/domain/ids.ts'
import { openRestoreFloe } from './restore-world.ts'

const [home = '', kind = '', id = '', crashAt = '-1'] = process.argv.slice(2)
let count = 0
const step = (name: string) => {
  writeSync(1, `${count} ${name}\n`)
  if (crashAt === name || crashAt === String(count)) process.kill(process.pid, 'SIGKILL')
  count += 1
}
const floe = await openRestoreFloe(home, { step })
await floe.restores.reconcile()
const job = kind === 'swap' ? floe.restores.swap(id as PointId) : floe.restores.undo(id as RestoreId)
await floe.done(await job)
writeSync(1, 'done\n')
process.exit(0)
