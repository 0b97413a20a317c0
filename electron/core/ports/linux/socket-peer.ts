import { readlink, realpath } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { runTool } from '../run-tool.ts'
import { argumentsOf } from './processes.ts'

interface UnixSocket {
  readonly path: string
  readonly inode: string
  readonly peer: string
  readonly owners: readonly { program: string; pid: number }[]
}

/** Rows of `ss -xpn`: `u_str ESTAB 0 0 /run/x.sock 123 * 456 users:(("qemu",pid=7,fd=9))`; a path may hold spaces. */
export function parseSocketTable(text: string): UnixSocket[] {
  const sockets: UnixSocket[] = []
  for (const line of text.split('\n')) {
    const match = /^u_\w+\s+\S+\s+\d+\s+\d+\s+(.*?)\s+(\d+)\s+\*\s+(\d+)\s*(.*)$/.exec(line)
    if (!match) continue
    const [, path = '', inode = '', peer = '', rest = ''] = match
    const owners = [...rest.matchAll(/\("((?:[^"\\]|\\.)*)",pid=(\d+),/g)].map((owner) => ({
      program: owner[1] ?? '',
      pid: Number(owner[2]),
    }))
    sockets.push({ path, inode, peer, owners })
  }
  return sockets
}

/** The other end of an accepted connection of one of these servers, among what `ss` shows. */
export function peerIn(
  sockets: readonly UnixSocket[],
  servers: readonly UnixSocket[],
  ownPid: number,
): { pid: number; program: string } | null {
  for (const server of servers.filter((socket) => socket.peer !== '0')) {
    const client = sockets.find((socket) => socket.inode === server.peer)
    const serverPids = new Set(server.owners.map((owner) => owner.pid))
    if (serverPids.size === 0) continue
    const owner = client?.owners.find(({ pid }) => pid !== ownPid && !serverPids.has(pid))
    if (owner) return owner
  }
  return null
}

/**
 * QEMU accepts one client at a time, so the accepted connection's other end is the program that keeps the monitor busy.
 * Null when nobody does or the system does not tell (no `ss`, or another user's process).
 */
export async function socketPeerOnLinux(path: string): Promise<{ pid: number; program: string } | null> {
  const text = await runTool('ss', ['-xpn']).catch(() => null)
  if (text === null) return null
  const real = await realpath(path).catch(() => path)
  const sockets = parseSocketTable(text)
  const exact = sockets.filter((socket) => socket.path === path || socket.path === real)
  const servers = exact.length > 0 ? exact : await boundRelatively(sockets, real)
  const peer = peerIn(sockets, servers, process.pid)
  // `ss` tells the name of a thread ("MainThread" for Node); the command line tells the program.
  const program = peer ? (await argumentsOf(peer.pid))?.[0] : undefined
  return peer && program ? { ...peer, program: basename(program) } : peer
}

/** QEMU binds a path as it was given: a relative one is relative to the folder of the process that listens. */
async function boundRelatively(sockets: readonly UnixSocket[], real: string): Promise<readonly UnixSocket[]> {
  const candidates = sockets.filter(
    (socket) => socket.path !== '' && !/^[/@*]/.test(socket.path) && basename(socket.path) === basename(real),
  )
  const checked = await Promise.all(
    candidates.map(async (socket) => {
      const pid = socket.owners[0]?.pid
      const folder = pid === undefined ? null : await readlink(`/proc/${pid}/cwd`).catch(() => null)
      return folder !== null && resolve(folder, socket.path) === real ? socket : null
    }),
  )
  return checked.filter((socket) => socket !== null)
}
