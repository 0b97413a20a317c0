import type { FreezeCause } from '../../../shared/domain/job.ts'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'

/** What `guest-info` tells. */
export interface AgentInfo {
  readonly version: string
  /** Names of the commands that are enabled right now. */
  readonly commands: ReadonlySet<string>
}

export interface GuestFileSystem {
  readonly mountpoint: string
  /** As the guest names it: `ext4`, `xfs`, ...; empty when it did not tell. */
  readonly type: string
}

export interface MountedFileSystem extends GuestFileSystem {
  /** What it lies on: the same for two mount points of one file system. */
  readonly device: string
}

/**
 * A synchronised connection to a guest agent (qemu.md 9). QEMU serves one client per socket, so it is opened, used and
 * closed; after a command that was not answered in time it is of no more use and every call rejects.
 * Errors: FloeError `agent/*`.
 */
export interface AgentSession extends AsyncDisposable {
  ping(timeoutMs?: number): Promise<void>
  info(): Promise<AgentInfo>
  fileSystems(): Promise<readonly MountedFileSystem[]>
  /** Answers how many file systems it froze; those it does not know are passed over. `mountpoints` null: all. */
  freeze(options: { readonly mountpoints: readonly string[] | null; readonly timeoutMs: number }): Promise<number>
  freezeStatus(): Promise<'thawed' | 'frozen'>
  /** Answers how many file systems it thawed; 0 when none was frozen. */
  thaw(timeoutMs: number): Promise<number>
  /**
   * Synchronises anew, thaws, and asks for the status: also on a session whose last command was not answered, where
   * the thaw then queues behind a late freeze. Answers how many file systems it thawed.
   * @throws FloeError `agent/not-thawed` when the guest says that it is frozen still, and as `thaw`
   */
  undoFreeze(timeoutMs: number): Promise<number>
  /** Sets the guest's clock, which stood still while the host slept. */
  setTime(now: Date): Promise<void>
}

export interface OpenAgentDeps {
  readonly randomBytes: (size: number) => Uint8Array
  /** How long the agent may take to answer `guest-sync-delimited`, in milliseconds; default 5,000. */
  readonly syncTimeoutMs?: number
  /** How long to wait until Floe itself is done with this agent, in milliseconds; default 30,000. */
  readonly turnTimeoutMs?: number
  /** False: only `undoFreeze` can be called at first, and its thaw reaches an agent that is silent now. */
  readonly synchronise?: boolean
  readonly signal?: AbortSignal
}

/** @throws FloeError `agent/*` */
export type OpenAgent = (endpoint: QmpEndpoint, deps: OpenAgentDeps) => Promise<AgentSession>

/** Where a machine's guest can be reached from outside Floe: what a guard needs to undo what Floe did to it. */
export interface GuestAccess {
  readonly machineId: string
  readonly machineName: string
  readonly agent: QmpEndpoint | null
  readonly qmp: QmpEndpoint | null
  /** Name of another machine that was given the same agent socket: nobody can tell which guest answers there. */
  readonly agentSharedWith?: string | null
  /** QEMU's process when it is known: once it is gone, so is everything that was done to the guest. */
  readonly qemuPid?: number | null
}

export interface FreezeWish {
  readonly mountpoints: readonly string[] | null
  /** How long the guest may take to confirm the freeze, in milliseconds. */
  readonly limitMs: number
  /** How long it may stay frozen once confirmed, in milliseconds. */
  readonly holdMs: number
}

/** What became of a freeze. Times in milliseconds on the monotonic clock. */
export type FreezeOutcome =
  | {
      readonly kind: 'frozen'
      /** From the confirmed freeze to the confirmed thaw. */
      readonly heldMs: number
      /** From the command to its confirmation. */
      readonly confirmedAfterMs: number
      /** Those that were frozen; empty when the guest did not tell. */
      readonly fileSystems: readonly GuestFileSystem[]
      /** Others were not frozen, or nobody can say that they were. */
      readonly partial: boolean
    }
  /** `reason`: one finished sentence for people; `cause` tells the classes B4, B5 and others apart (ux.md 3.3). */
  | {
      readonly kind: 'not-frozen'
      readonly cause: FreezeCause
      readonly reason: string
    }

/** What Floe is doing to a guest at this moment that somebody must undo if Floe dies. */
export type Danger = 'frozen' | 'stopped'

/** A small process of its own that undoes a danger when Floe vanishes. */
export interface GuestGuard {
  /**
   * Resolves when the guard knows. Call it before the guest is touched. Rejects when the guard or the record cannot be
   * had: then `frozen` is not raised, but `stopped` is, for this process alone, because a stop is done all the same.
   */
  raise(danger: Danger): Promise<void>
  /** The danger is over. */
  lower(danger: Danger): Promise<void>
  /** Ends the guard; nothing is left to undo. */
  dismiss(): Promise<void>
}

/**
 * Keeps guests from staying frozen or stopped: freezes around an instant, thaws whatever happens, keeps trying a thaw
 * that is not confirmed every 2 s, and takes up what an earlier Floe left.
 */
export interface GuestKeeper {
  /** Undoes what records of an earlier run say; does not wait for guests that do not answer. */
  start(): Promise<void>
  /** Waits until no guest is frozen by Floe, at most 5 s; records stay for the next start. */
  stop(): Promise<void>
  /**
   * Runs `take` exactly once, with the guest frozen around it when that is wished and works. `take` gets the guard, to
   * raise `stopped` around a stop of the guest's CPUs. When freezing fails and `required`, `take` is not run.
   * The thaw is confirmed, or handed to the keeper's retries, before this resolves or rejects.
   * @throws FloeError `backup/freeze-required`, and whatever `take` throws
   */
  around<T>(
    guest: GuestAccess,
    wish:
      | (FreezeWish & { readonly required: boolean })
      | { readonly notFrozen: FreezeOutcome & { kind: 'not-frozen' } },
    take: (guard: GuestGuard) => Promise<T>,
    onPhase: (phase: 'freezing' | 'frozen' | 'thawing' | 'thawed') => void,
  ): Promise<{ readonly value: T; readonly freeze: FreezeOutcome }>
  /** Tries the thaw of a guest again at once. @throws FloeError `agent/*` when it is not confirmed */
  thawNow(machineId: string): Promise<void>
  /** Guests whose thaw is not confirmed, with the time since when (ISO 8601). */
  unconfirmed(): readonly { readonly machineId: string; readonly machineName: string; readonly since: string }[]
  /** Called whenever `unconfirmed` changes. */
  onChange(listener: () => void): void
}
