/**
 * NVIDIA's libraries multiply float32 matrices in TF32 (10 bits of mantissa) unless told not to before they are
 * loaded; onnxruntime asks for that by default, and its Node.js binding can't be told otherwise. The teacher's
 * choices are arg-maxes of close logits and want all bits.
 */
process.env['NVIDIA_TF32_OVERRIDE'] ??= '0'
