import type { Disk } from '../../../shared/domain/disk.ts'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { AgentState, Machine, ProbeLine } from '../../../shared/domain/machine.ts'
import type { Discovery } from '../../../shared/ipc/contract.ts'
import type { GuestAccess } from '../guest-agent/types.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { RunActions } from './command-line/run-actions.ts'

/** A borrowed connection. The machine service owns the socket; the borrower must dispose the lease. */
export interface MachineLease extends AsyncDisposable {
  readonly machine: Machine
  readonly session: QmpSession
  /** What the start command wants when the guest turns itself off; null when the start command is not known. */
  readonly actions: RunActions | null
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
   * `locks: 'ours'` leaves the locks out, because Floe itself holds them while it reads the images.
   */
  signsOfLife(
    id: MachineId,
    imagePaths: readonly string[],
    look?: { readonly locks?: 'ours' },
  ): Promise<readonly { sign: 'qmp' | 'process' | 'open-file' | 'lock'; pid: number | null; text: string }[]>
  /** Machines (other than `id`) and images that use one of these files as a disk or backing file. */
  usersOfImages(id: MachineId, imagePaths: readonly string[]): Promise<readonly { machineName: string; path: string }[]>
  setLastGoodPoint(id: MachineId, point: Machine['lastGoodPoint']): void
  /**
   * Says where the guest agent listens: an absolute socket path or HOST:PORT; null: as the start command says.
   * @throws FloeError `machine/unknown`, `machine/not-qemu`, `ipc/invalid-input`
   */
  setAgent(id: MachineId, agent: string | null): Promise<Machine>
  /** Asks the guest agent now; a machine that does not run is not asked. @throws FloeError `machine/unknown` */
  askAgent(id: MachineId): Promise<AgentState>
  /** Where the guest can be reached without this service. @throws FloeError `machine/unknown` */
  guestAccess(id: MachineId): GuestAccess
  /** Since when a thaw is not confirmed (ISO 8601); null when it is. Its agent is not asked meanwhile. */
  setMayBeFrozen(id: MachineId, since: string | null): void
}
