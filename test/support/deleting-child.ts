// A Floe that deletes points and may be killed on the way: `node deleting-child.ts DESTINATION IDS CRASH_AT`. It ends
// itself with SIGKILL right before the step with that number, prints each step, and says `done` when it got through.
import { writeSync } from 'node:fs'
import { deletePoints } from '../../electron/core/repository/deletion.ts'
import { PointScanner } from '../../electron/core/repository/scan.ts'
import { measureRoom } from '../../electron/core/repository/survey.ts'
import type { DestinationId, PointId } from '../../shared/domain/ids.ts'
import { repositoryPorts } from './repository.ts'

const [path = '', ids = '', crashAt = '-1'] = process.argv.slice(2)
const ports = repositoryPorts()
let count = 0
const stored = await new PointScanner().scan({ id: 'aaaaaaaaaaaa' as DestinationId, path })
await deletePoints({
  ports,
  destination: { name: 'Drive', path },
  room: await measureRoom(path, ports.platform),
  stored,
  removed: new Set(ids.split(',') as PointId[]),
  signal: new AbortController().signal,
  step: (name) => {
    writeSync(1, `${count} ${name}\n`)
    if (crashAt === String(count)) process.kill(process.pid, 'SIGKILL')
    count += 1
  },
})
writeSync(1, 'done\n')
process.exit(0)
