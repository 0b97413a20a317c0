// What the core needs from its host. Tests own every one of these.
export interface Clock {
  /** Wall clock. */
  now(): Date
  /** Milliseconds that never go back, for durations and deadlines. */
  monotonic(): number
}

export interface Logger {
  info(text: string, fields?: Readonly<Record<string, unknown>>): void
  warn(text: string, fields?: Readonly<Record<string, unknown>>): void
  error(text: string, fields?: Readonly<Record<string, unknown>>): void
}

/** A process as the system lists it. `args` is null when the system gives only one joined string (macOS `ps`). */
export interface ProcessInfo {
  readonly pid: number
  readonly ppid: number
  readonly user: string | null
  readonly args: readonly string[]
  readonly cwd: string | null
  readonly startedAt: Date | null
  /** Halted by a signal or a debugger (SIGSTOP). */
  readonly stopped?: boolean
}

/** The host's sleep and wake. Callbacks are told before it sleeps and after it woke. */
export interface PowerEvents {
  onSuspend(listener: () => void): void
  onResume(listener: () => void): void
}

/** Everything that differs between macOS and Linux below Node's own API. */
export interface Platform {
  readonly name: 'darwin' | 'linux'
  /** All processes whose program looks like a virtual machine monitor or its launcher. */
  listProcesses(): Promise<readonly ProcessInfo[]>
  /** Processes that hold any of these files open, by path or (dev, inode). Floe's own are left out. */
  openHolders(paths: readonly string[]): Promise<readonly { pid: number; program: string; path: string }[]>
  /** The process at the other end of a unix socket, other than Floe and the listener itself. */
  socketPeer(path: string): Promise<{ pid: number; program: string } | null>
  /** File system type and mount point of an existing path. */
  fileSystem(path: string): Promise<{ type: string; mountPoint: string; readOnly: boolean }>
  /** Mounted drives worth offering as destinations. */
  externalVolumes(): Promise<readonly { path: string; name: string }[]>
  /** Names of encrypted volumes that are connected and wait for their password; empty where the system does not tell. */
  lockedVolumes(): Promise<readonly string[]>
}

/** A program with its arguments and its whole environment. */
export interface GuardCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface Ports {
  readonly clock: Clock
  readonly logger: Logger
  readonly platform: Platform
  /** Random bytes; tests make them repeatable. */
  readonly randomBytes: (size: number) => Uint8Array
  readonly env: Readonly<Record<string, string | undefined>>
  readonly userDir: string
  /** Script for `worker_threads` that computes content indexes (`repository/content-index/worker`). */
  readonly indexWorker: URL
  /** Starts the guard of guests (`guest-agent/guard`), a small process that outlives this one. */
  readonly guardCommand: GuardCommand
  /** Null where the host tells nothing of it (CLI, web host). */
  readonly power: PowerEvents | null
}
