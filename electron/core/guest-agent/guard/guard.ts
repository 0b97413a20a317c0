// The guard: a small process that Floe starts before it touches a guest, and that undoes it when Floe is gone. It has a
// session of its own, so that what ends Floe does not end it, and knows nothing but what Floe tells it (words.ts). This
// script is its entry in plain Node; the desktop runs the same in Electron's program (hosts/desktop/main.ts).
import { runGuard } from './run-guard.ts'

await runGuard()
process.exit(0)
