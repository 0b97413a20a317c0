// Wraps the code of guest/uefi.c as a UEFI application (PE32+): code and zeroed data in sections of their own, so that
// firmware that forbids memory to be writable and executable at once runs it too. Addresses as in guest/uefi.ld.

const page = 0x1000
const headerBytes = 0x200
const codeAddress = 0x1000
const dataAddress = 0x4000
const dataBytes = 0x4000
const optionalHeaderBytes = 240

const machineNumbers = { aarch64: 0xaa64, x86_64: 0x8664 } as const

export function uefiImage(architecture: keyof typeof machineNumbers, code: Buffer): Buffer {
  const codeBytes = Math.ceil(code.length / headerBytes) * headerBytes
  const image = Buffer.alloc(headerBytes + codeBytes)
  image.write('MZ', 0, 'latin1')
  image.writeUInt32LE(0x40, 0x3c)
  image.write('PE\0\0', 0x40, 'latin1')
  const file = 0x44
  image.writeUInt16LE(machineNumbers[architecture], file)
  image.writeUInt16LE(2, file + 2)
  image.writeUInt16LE(optionalHeaderBytes, file + 16)
  image.writeUInt16LE(0x022e, file + 18)
  const optional = file + 20
  image.writeUInt16LE(0x20b, optional)
  image.writeUInt32LE(codeBytes, optional + 4)
  image.writeUInt32LE(dataBytes, optional + 12)
  image.writeUInt32LE(codeAddress, optional + 16)
  image.writeUInt32LE(codeAddress, optional + 20)
  image.writeUInt32LE(page, optional + 32)
  image.writeUInt32LE(headerBytes, optional + 36)
  image.writeUInt32LE(dataAddress + dataBytes, optional + 56)
  image.writeUInt32LE(headerBytes, optional + 60)
  image.writeUInt16LE(10, optional + 68)
  image.writeUInt16LE(0x0100, optional + 70)
  image.writeUInt32LE(16, optional + 108)
  const sections = optional + optionalHeaderBytes
  writeSection(image, sections, '.text', codeAddress, code.length, codeBytes, 0x60000020)
  writeSection(image, sections + 40, '.bss', dataAddress, dataBytes, 0, 0xc0000080)
  code.copy(image, headerBytes)
  return image
}

function writeSection(
  image: Buffer,
  offset: number,
  name: string,
  address: number,
  size: number,
  fileSize: number,
  flags: number,
): void {
  image.write(name, offset, 'latin1')
  image.writeUInt32LE(size, offset + 8)
  image.writeUInt32LE(address, offset + 12)
  image.writeUInt32LE(fileSize, offset + 16)
  image.writeUInt32LE(fileSize === 0 ? 0 : headerBytes, offset + 20)
  image.writeUInt32LE(flags, offset + 36)
}
