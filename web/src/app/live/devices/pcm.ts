/** Sound as numbers. */

/** Root mean square, 0 to 1. */
export function loudness(block: Float32Array): number {
  if (block.length === 0) return 0;
  return Math.sqrt(block.reduce((sum, sample) => sum + sample * sample, 0) / block.length);
}

/** Samples from -1 to 1 as 16 bits, little-endian; beyond that they are clipped. */
export function pcm16(blocks: readonly Float32Array[]): Uint8Array {
  const samples = blocks.reduce((sum, block) => sum + block.length, 0);
  const view = new DataView(new ArrayBuffer(samples * 2));
  let at = 0;
  for (const block of blocks) {
    for (const sample of block) {
      const clipped = Math.max(-1, Math.min(1, sample));
      view.setInt16(at, Math.round(clipped * (clipped < 0 ? 0x8000 : 0x7fff)), true);
      at += 2;
    }
  }
  return new Uint8Array(view.buffer);
}

export function base64(bytes: Uint8Array): string {
  let letters = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(letters);
}
