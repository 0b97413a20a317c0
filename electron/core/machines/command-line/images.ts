import { resolve } from 'node:path'
import { optionMap } from './option-syntax.ts'

/** A file that a command line gives to QEMU as a disk. */
export interface CommandLineImage {
  readonly path: string
  readonly readOnly: boolean
  readonly firmware: boolean
}

const truthy = (value: string | undefined) => value === 'on' || value === 'true' || value === 'yes'
const shortForms = new Set(['hda', 'hdb', 'hdc', 'hdd', 'fda', 'fdb', 'sd', 'mtdblock', 'pflash', 'cdrom'])

/** A file name as QEMU takes it: `file:` is dropped, `json:{...}` is searched, other protocols are no files. */
function pathsIn(name: string, cwd: string | null): string[] {
  if (name.startsWith('json:')) {
    return [...optionMap(name.slice(5))]
      .filter(([key]) => /(^|\.)filename$/.test(key))
      .flatMap(([, value]) => pathsIn(value, cwd))
  }
  const plain = name.replace(/^file:/, '')
  if (plain === '' || (plain === name && /^[a-z][a-z0-9+-]+:/i.test(plain))) return []
  if (plain.startsWith('/')) return [resolve(plain)]
  return cwd === null ? [] : [resolve(cwd, plain)]
}

function ofDrive(value: string, cwd: string | null, inCdDrives: ReadonlySet<string>): CommandLineImage[] {
  const options = optionMap(value)
  const id = options.get('id')
  const names = [
    options.get('file'),
    options.get('filename'),
    options.get('file.filename'),
    options.get('file.file.filename'),
  ]
  const readOnly =
    truthy(options.get('readonly')) ||
    truthy(options.get('read-only')) ||
    options.get('media') === 'cdrom' ||
    (id !== undefined && inCdDrives.has(id))
  const firmware = options.get('if') === 'pflash'
  return names.flatMap((name) => (name ? pathsIn(name, cwd) : [])).map((path) => ({ path, readOnly, firmware }))
}

/** The drives that `-device scsi-cd,drive=ID` and its like hold: a medium, which other machines may use as well. */
function cdDrives(options: readonly CommandLineOption[]): Set<string> {
  const devices = options.flatMap(({ name, value }) => (name === 'device' ? [optionMap(value ?? '', 'driver')] : []))
  const drives = devices.map((device) => (/-cd$/.test(device.get('driver') ?? '') ? device.get('drive') : undefined))
  return new Set(drives.filter((drive) => drive !== undefined))
}

/** The nodes that `-machine pflash0=code,pflash1=vars` names. */
function firmwareNodes(options: readonly CommandLineOption[]): Set<string> {
  const nodes = new Set<string>()
  for (const { name, value } of options) {
    if (name !== 'machine' && name !== 'M') continue
    for (const [key, node] of optionMap(value ?? '', 'type')) if (/^pflash\d$/.test(key)) nodes.add(node)
  }
  for (const { name, value } of options) {
    if (name !== 'blockdev') continue
    const map = optionMap(value ?? '', 'driver')
    const below = map.get('file')
    if (nodes.has(map.get('node-name') ?? '') && below) nodes.add(below)
  }
  return nodes
}

function ofBlockdev(value: string, cwd: string | null, firmware: ReadonlySet<string>): CommandLineImage[] {
  const options = optionMap(value, 'driver')
  const found: CommandLineImage[] = []
  for (const [key, name] of options) {
    const match = /^((?:file\.)*)filename$/.exec(key)
    if (!match) continue
    const readOnly = truthy(options.get('read-only')) || truthy(options.get(`${match[1]}read-only`))
    const isFirmware = firmware.has(options.get('node-name') ?? '')
    found.push(...pathsIn(name, cwd).map((path) => ({ path, readOnly, firmware: isFirmware })))
  }
  return found
}

export interface CommandLineOption {
  /** Without its dashes; null for a bare argument, which QEMU takes as the first disk. */
  readonly name: string | null
  readonly value: string | null
}

/** Every image file that the options name, absolute; relative names need the process's folder. */
export function imagesOf(options: readonly CommandLineOption[], cwd: string | null): CommandLineImage[] {
  const firmware = firmwareNodes(options)
  const cds = cdDrives(options)
  return options.flatMap(({ name, value }) => {
    if (value === null) return []
    if (name === null) return pathsIn(value, cwd).map((path) => ({ path, readOnly: false, firmware: false }))
    if (name === 'drive') return ofDrive(value, cwd, cds)
    if (name === 'blockdev') return ofBlockdev(value, cwd, firmware)
    if (!shortForms.has(name)) return []
    return pathsIn(value, cwd).map((path) => ({ path, readOnly: name === 'cdrom', firmware: name === 'pflash' }))
  })
}
