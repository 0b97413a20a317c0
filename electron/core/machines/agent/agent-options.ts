import { plainName } from '../states.ts'

/** The exact options that give a machine a channel for its guest agent. The folder `~/.qmp` must exist. */
export function agentOptions(name: string): string {
  return [
    `-chardev socket,path=$HOME/.qmp/${plainName(name)}-agent.sock,server=on,wait=off,id=agent0`,
    '-device virtio-serial',
    '-device virtserialport,chardev=agent0,name=org.qemu.guest_agent.0',
  ].join(' ')
}
