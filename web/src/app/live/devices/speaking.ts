/** Spoken turns: by a key that is held, or by their loudness. */

import { openMicrophone, type Microphone } from "./microphone";
import { base64, loudness, pcm16 } from "./pcm";
import { TurnEnd } from "./turn_end";
import type { Sound } from "../types";

/** What was heard just before the loudness told that somebody speaks, blocks of a tenth of a second. */
const BEFORE = 3;
/** Seconds; a shorter press is a slip. */
const SHORTEST = 0.3;
const LONGEST = 30;

export interface Hearing {
  /** Somebody begins to speak. */
  begun(): void;
  /** A turn is over. */
  said(sound: Sound, seconds: number): void;
  /** What had begun was none, or was too short. */
  dropped(): void;
  /** How loud it is now, 0 to 1. */
  level(loudness: number): void;
}

export class Speaking {
  private microphone: Microphone | null = null;
  private blocks: Float32Array[] = [];
  private held = false;
  private turns = new TurnEnd();
  /** Whether turns are told by their loudness, not by a key. */
  private listening = false;

  constructor(private readonly hearing: Hearing) {}

  /** Does nothing where the microphone is open. Throws an error in words where there is none to be had. */
  async open(): Promise<void> {
    this.microphone ??= await openMicrophone((block) => this.hear(block));
  }

  close(): void {
    this.microphone?.close();
    this.microphone = null;
    this.reset();
  }

  /** Tell turns by their loudness from now on, or by `press` and `release`. */
  byLoudness(on: boolean): void {
    this.listening = on;
    this.reset();
  }

  press(): void {
    if (this.microphone === null || this.held || this.listening) return;
    this.held = true;
    this.blocks = [];
    this.hearing.begun();
  }

  release(): void {
    if (!this.held) return;
    this.held = false;
    this.finish(SHORTEST);
  }

  private hear(block: Float32Array): void {
    const loud = loudness(block);
    const seconds = block.length / (this.microphone?.rate ?? 16_000);
    this.hearing.level(loud);
    if (this.held) {
      this.blocks.push(block);
      if (this.blocks.length * seconds >= LONGEST) this.release();
    }
    if (!this.listening) return;
    this.blocks.push(block);
    switch (this.turns.hear(loud, seconds)) {
      case "silence":
        this.blocks = this.blocks.slice(-BEFORE);
        break;
      case "begun":
        this.hearing.begun();
        break;
      case "speaking":
        break;
      case "over":
        this.finish(0);
        break;
      case "dropped":
        this.blocks = [];
        this.hearing.dropped();
        break;
    }
  }

  private finish(shortest: number): void {
    const rate = this.microphone?.rate ?? 16_000;
    const blocks = this.blocks;
    this.blocks = [];
    const seconds = blocks.reduce((sum, block) => sum + block.length, 0) / rate;
    if (seconds < shortest || blocks.length === 0) this.hearing.dropped();
    else this.hearing.said({ rate, pcm16: base64(pcm16(blocks)) }, seconds);
  }

  private reset(): void {
    this.held = false;
    this.blocks = [];
    this.turns = new TurnEnd();
  }
}
