import type { Disk } from '../../../shared/domain/disk.ts'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Machine, ProbeLine } from '../../../shared/domain/machine.ts'
import type { Discovery } from '../../../shared/ipc/contract.ts'
import type { QmpSession } from '../qmp/types.ts'

/** A borrowed connection. The machine service owns the socket; the borrower must dispose the lease. */
export interface MachineLease extends AsyncDisposable {
  readonly machine: Machine
  readonly session: QmpSession
  /** Reads the disks anew from QEMU. */
  inventory(): Promise<readonly Disk[]>
}

export interface MachineService {
  /** First discovery, then rounds every 5 s while somebody watches and every 60 s otherwise. */
  start(): Promise<void>
  stop(): Promise<void>
  /** How often to look: `true` while a window shows Floe. */
  setWatched(watched: boolean): void
  refresh(): Promise<Discovery>
  list(): readonly Machine[]
  /** @throws FloeError `machine/unknown` */
  get(id: MachineId): Machine
  /**
   * Borrows the machine's QMP connection, opening it when needed; kept open at least until the lease is disposed.
   * @throws FloeError `machine/off`, `machine/busy`, `machine/silent`, ... naming what is wrong and what to do
   */
  acquire(id: MachineId): Promise<MachineLease>
  probe(qmp: string, agent: string | null): Promise<readonly ProbeLine[]>
  add(qmp: string, agent: string | null, name: string | null, origin?: 'added' | 'demo'): Promise<Machine>
  remove(id: MachineId): Promise<void>
  shutDownGuest(id: MachineId): Promise<void>
  /**
   * Is this machine off, and does nobody use these images? Three independent signs: QMP, process list, open files
   * and locks (issue: swap pre-flight). Empty when it is off; else one finished sentence for each sign against it.
   */
  signsOfLife(
    id: MachineId,
    imagePaths: readonly string[],
  ): Promise<readonly { sign: 'qmp' | 'process' | 'open-file' | 'lock'; pid: number | null; text: string }[]>
  /** Machines (other than `id`) and images that use one of these files as a disk or backing file. */
  usersOfImages(id: MachineId, imagePaths: readonly string[]): Promise<readonly { machineName: string; path: string }[]>
  setLastGoodPoint(id: MachineId, point: Machine['lastGoodPoint']): void
}
