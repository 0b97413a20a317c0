// A Floe in a process of its own that backs up a machine that is off, slowly, and says when it copies.
// Arguments: home, machine's id, the process that owns the machines. It is to be killed.
import { boundProcessIds } from '../../electron/core/qemu-img/index.ts'
import type { MachineId } from '../../shared/domain/ids.ts'
import { startParts, worldPorts } from './backup-world.ts'
import { until } from './run.ts'

const [home, machineId, parent] = process.argv.slice(2) as [string, MachineId, string]
const floe = await startParts(home, worldPorts({}, Number(parent)))
const id = await floe.backups.start({
  machineId,
  destinationId: floe.repository.destinations()[0]?.id ?? null,
  diskIds: null,
  limit: 2 << 20,
  check: true,
})
await until(() => (floe.board.get(id).progress?.doneBytes ?? 0) > 0, 'the first bytes')
console.log(JSON.stringify([...boundProcessIds()]))
await floe.board.whenFinal(id)
