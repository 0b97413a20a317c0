// A Floe in a process of its own that backs up a machine that is off. It either copies slowly, says when it does, and is
// to be killed, or kills itself right before the point gets its final name.
// Arguments: home, machine's id, the process that owns the machines, moment.
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { boundProcessIds } from '../../electron/core/qemu-img/index.ts'
import type { MachineId } from '../../shared/domain/ids.ts'
import { startParts, worldPorts } from './backup-world.ts'
import { until } from './run.ts'

export type OfflineMoment = 'while copying' | 'before final-name'

const [home, machineId, parent, moment] = process.argv.slice(2) as [string, MachineId, string, OfflineMoment]

const { rename } = files
files.rename = async (from, to) => {
  const isPoint = String(from).includes('.partial-') && !String(from).endsWith('.tmp')
  if (isPoint && moment === 'before final-name') process.kill(process.pid, 'SIGKILL')
  return rename(from, to)
}
syncBuiltinESMExports()

const floe = await startParts(home, worldPorts({}, Number(parent)))
const id = await floe.backups.start({
  machineId,
  destinationId: floe.repository.destinations()[0]?.id ?? null,
  diskIds: null,
  limit: moment === 'while copying' ? 2 << 20 : null,
  check: true,
})
if (moment === 'while copying') {
  await until(() => (floe.board.get(id).progress?.doneBytes ?? 0) > 0, 'the first bytes')
  console.log(JSON.stringify([...boundProcessIds()]))
}
await floe.board.whenFinal(id)
