// Commands of the menu and the keyboard find whoever can carry them out right now: the newest handler wins.
import type { MenuCommand } from '../../../shared/ipc/channels.ts'

export interface CommandHub {
  /** Call the answer to withdraw. */
  register(command: MenuCommand, handler: () => void): () => void
  /** False when nobody can carry it out now. */
  run(command: MenuCommand): boolean
}

export function createCommandHub(): CommandHub {
  const handlers = new Map<MenuCommand, (() => void)[]>()
  return {
    register(command, handler) {
      handlers.set(command, [...(handlers.get(command) ?? []), handler])
      return () => {
        handlers.set(
          command,
          (handlers.get(command) ?? []).filter((one) => one !== handler),
        )
      }
    },
    run(command) {
      const handler = handlers.get(command)?.at(-1)
      handler?.()
      return handler !== undefined
    },
  }
}
