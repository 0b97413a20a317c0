// QEMU's command-line tools, as the core uses them. This room knows images and nothing of machines, points or jobs.
export { type BoundProcess, boundProcessIds, startBoundProcess } from './bound-process.ts'
export { type Conversion, convertImage } from './convert.ts'
export { imageArgument, imageOptions } from './image-argument.ts'
export { type ChainLink, imageChain } from './image-chain.ts'
export {
  checkImage,
  createImage,
  type ImageBitmap,
  type ImageCheck,
  type ImageExtent,
  type ImageInfo,
  imageInfo,
  mapImage,
  removeBitmap,
} from './images.ts'
export {
  endChild,
  installCommand,
  interrupted,
  locateTool,
  runTool,
  type ToolOptions,
  toolFailed,
  toolRefused,
} from './tool.ts'
