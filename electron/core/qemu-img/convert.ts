import { open } from 'node:fs/promises'
import { absolute, imageArgument } from './image-argument.ts'
import { runTool, type ToolOptions } from './tool.ts'

export interface Conversion extends ToolOptions {
  readonly source: { readonly path: string; readonly format: string }
  /** Must not exist yet unless it may be overwritten: qemu-img truncates it. Left behind when the conversion fails. */
  readonly target: { readonly path: string; readonly format: 'qcow2' | 'raw' }
  /** 0..1, never goes back. */
  readonly onProgress?: (fraction: number) => void
}

/**
 * Copies an image (with its backing chain) into a new, independent one, leaving zeroes out. When it returns, the
 * target is on the disk: qemu-img itself writes with cache mode `unsafe`, so the file is synced here.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`, `system/interrupted`
 */
export async function convertImage(conversion: Conversion): Promise<void> {
  const { source, target, onProgress } = conversion
  const args = ['convert', '-p', '-O', target.format, imageArgument(source.path, source.format), absolute(target.path)]
  let reached = 0
  await runTool('qemu-img', `copy "${source.path}" to "${target.path}"`, args, {
    ...conversion,
    onStdout: (text) => {
      const percent = lastPercent(text)
      if (percent === null || percent <= reached) return
      reached = percent
      onProgress?.(percent / 100)
    },
  })
  const file = await open(target.path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The newest figure in `    (12.34/100%)\r`, which `qemu-img -p` prints again and again. */
export function lastPercent(text: string): number | null {
  const figures = [...text.matchAll(/\((\d+(?:\.\d+)?)\/100%\)/g)]
  const last = figures.at(-1)?.[1]
  return last === undefined ? null : Math.min(100, Number(last))
}
