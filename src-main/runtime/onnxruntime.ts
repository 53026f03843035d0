/**
 * onnxruntime, the only way to import it. From version 1.30 on its native library sends usage data unless
 * told not to before it is loaded; a tool that handles private models and texts must not.
 */
import './without-telemetry.ts'
import './without-tf32.ts'
export * from 'onnxruntime-node'
