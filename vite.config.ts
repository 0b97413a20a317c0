import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// One config, five bundles: the window (client), Electron's main process with the index worker, the sandboxed
// preload, the `floe` command, and the guard that it starts for guests. Node code is built for Node 20.18, on which the
// `floe` command and the web host run without Electron.
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const nodeBuiltins = [/^node:/, ...builtinModules]

export default defineConfig({
  root: at('renderer'),
  base: '/',
  plugins: [react()],
  builder: {},
  environments: {
    client: {
      build: {
        outDir: at('out/renderer'),
        emptyOutDir: true,
        target: 'chrome130',
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 1000,
      },
    },
    main: {
      consumer: 'server',
      resolve: { external: ['electron'], noExternal: true, builtins: [/^node:/] },
      build: {
        outDir: at('out/electron'),
        emptyOutDir: true,
        target: 'node20',
        minify: false,
        sourcemap: true,
        rolldownOptions: {
          input: {
            main: at('electron/hosts/desktop/main.ts'),
            'index-worker': at('electron/core/repository/content-index/worker.ts'),
          },
          external: ['electron', ...nodeBuiltins],
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunk-[hash].js' },
        },
      },
    },
    preload: {
      consumer: 'server',
      resolve: { external: ['electron'], noExternal: true },
      build: {
        outDir: at('out/electron'),
        emptyOutDir: false,
        target: 'chrome130',
        minify: false,
        sourcemap: 'inline',
        rolldownOptions: {
          input: at('electron/preload/preload.ts'),
          external: ['electron'],
          output: { format: 'cjs', entryFileNames: 'preload.cjs', codeSplitting: false },
        },
      },
    },
    command: {
      consumer: 'server',
      resolve: { noExternal: true, builtins: [/^node:/] },
      build: {
        outDir: at('out/command'),
        emptyOutDir: true,
        target: 'node20',
        minify: false,
        rolldownOptions: {
          input: at('electron/hosts/floe.ts'),
          external: [...nodeBuiltins, 'bufferutil', 'utf-8-validate'],
          output: { format: 'es', entryFileNames: 'floe.js', codeSplitting: false },
        },
      },
    },
    guard: {
      consumer: 'server',
      resolve: { noExternal: true, builtins: [/^node:/] },
      build: {
        outDir: at('out/command'),
        emptyOutDir: false,
        target: 'node20',
        minify: false,
        rolldownOptions: {
          input: at('electron/core/guest-agent/guard/guard.ts'),
          external: nodeBuiltins,
          output: { format: 'es', entryFileNames: 'guard.js', codeSplitting: false },
        },
      },
    },
  },
})
