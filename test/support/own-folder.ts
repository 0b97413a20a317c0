// Every test file works below a folder of its own, and a Floe in it sees only the machines that name that folder:
// several test files (and whoever runs them) share one computer. Short, because unix socket paths are.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { afterAll } from 'vitest'

const folder = mkdtempSync('/tmp/t')
chmodSync(folder, 0o755)
process.env.TMPDIR = folder
process.env.FLOE_MACHINES_UNDER = folder

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
