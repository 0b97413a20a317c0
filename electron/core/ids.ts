import type { Ports } from './ports/index.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Twelve characters of [a-z0-9], the first a letter (QEMU's names must begin with one): 61 bits of chance. */
export function newId(ports: Pick<Ports, 'randomBytes'>): string {
  let id = ''
  while (id.length < 12) {
    for (const byte of ports.randomBytes(24)) {
      const limit = id.length === 0 ? 26 : 36
      if (byte < Math.floor(256 / limit) * limit && id.length < 12) id += alphabet[byte % limit]
    }
  }
  return id
}
