// Runs in the audio thread: hands on what the microphone gives, a tenth of a second at a time.
class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.round(sampleRate / 10));
    this.filled = 0;
  }

  process([channels]) {
    const sound = channels?.[0];
    if (sound === undefined) return true;
    for (let at = 0; at < sound.length;) {
      const taken = Math.min(sound.length - at, this.block.length - this.filled);
      this.block.set(sound.subarray(at, at + taken), this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled === this.block.length) {
        this.port.postMessage(this.block.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}
registerProcessor("tap", Tap);
