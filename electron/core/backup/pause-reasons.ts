// Who wants a copy to wait. QEMU knows only "paused"; Floe must not wake what the person had paused, and a person's
// Resume is meant for everything that holds the copy. Pure.

export interface PauseReasons {
  readonly user: boolean
  readonly asleep: boolean
}

export const notPaused: PauseReasons = { user: false, asleep: false }

export const isWanted = ({ user, asleep }: PauseReasons): boolean => user || asleep

/** The one people are told. What they did themselves is no news, but why it goes on by itself is. */
export const shownReason = ({ asleep }: PauseReasons): 'user' | 'asleep' => (asleep ? 'asleep' : 'user')
