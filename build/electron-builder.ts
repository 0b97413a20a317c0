import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Configuration } from 'electron-builder'

// The macOS package: what is built into out/ and nothing else. The web host and the `floe` command stay out of it.
export const configuration: Configuration = {
  appId: 'dev.floe.app',
  productName: 'Floe',
  directories: { output: 'dist', buildResources: 'build' },
  files: ['out/electron/**', 'out/renderer/**', '!out/**/*.map', 'package.json', '!node_modules/**'],
  asar: true,
  npmRebuild: false,
  publish: null,
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  },
  mac: {
    category: 'public.app-category.utilities',
    icon: 'build/icon.icns',
    target: [
      { target: 'dmg', arch: ['arm64', 'x64'] },
      { target: 'zip', arch: ['arm64', 'x64'] },
    ],
    hardenedRuntime: true,
    gatekeeperAssess: false,
    entitlements: 'build/entitlements.mac.plist',
    entitlementsInherit: 'build/entitlements.mac.plist',
    electronLanguages: ['en'],
    minimumSystemVersion: '13.0',
    extendInfo: {
      NSRemovableVolumesUsageDescription: 'Floe writes backups to the drive you choose.',
      NSNetworkVolumesUsageDescription: 'Floe writes backups to the network drive you choose.',
      NSDocumentsFolderUsageDescription: 'Floe reads and writes the folder you choose for backups.',
      NSDesktopFolderUsageDescription: 'Floe reads and writes the folder you choose for backups.',
      NSDownloadsFolderUsageDescription: 'Floe reads and writes the folder you choose for backups.',
    },
  },
  /** electron-builder leaves its own working copy of the license beside the app on Linux builds of the Mac target. */
  afterPack: async (context) => {
    await rm(join(context.appOutDir, 'LICENSE.electron.txt'), { force: true })
  },
}

export default configuration
