/** The camera: a picture from the middle of a turn. */

import { askFor, stop } from "./microphone";

/** Milliseconds from picture to picture while somebody speaks. */
const EVERY = 500;
/** A turn of a minute needs no more; then every other picture goes. */
const MOST = 32;
const WIDEST = 640;

export class Camera {
  private pictures: string[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  private every = EVERY;

  private constructor(
    private readonly stream: MediaStream,
    private readonly video: HTMLVideoElement,
  ) {}

  /** Ask for the camera and show it in `video`. Throws an error in words where there is none to be had. */
  static async open(video: HTMLVideoElement): Promise<Camera> {
    const stream = await askFor({ video: { width: { ideal: WIDEST }, facingMode: "user" } });
    video.srcObject = stream;
    await video.play();
    return new Camera(stream, video);
  }

  /** A turn begins. */
  begin(): void {
    this.forget();
    this.take();
    this.timer = setInterval(() => this.take(), this.every);
  }

  /** Whether pictures of a turn are being taken. */
  get running(): boolean {
    return this.timer !== undefined;
  }

  /** The turn is over: the picture from its middle, base64 of a JPEG; none where the camera gave none. */
  middle(): string[] {
    const picture = this.pictures[Math.floor((this.pictures.length - 1) / 2)];
    this.forget();
    return picture === undefined ? [] : [picture];
  }

  forget(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.pictures = [];
    this.every = EVERY;
  }

  close(): void {
    this.forget();
    stop(this.stream);
    this.video.srcObject = null;
  }

  private take(): void {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) return;
    const scale = Math.min(1, WIDEST / videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    canvas.getContext("2d")?.drawImage(this.video, 0, 0, canvas.width, canvas.height);
    this.pictures.push(canvas.toDataURL("image/jpeg", 0.85).split(",")[1] ?? "");
    if (this.pictures.length < MOST) return;
    this.pictures = this.pictures.filter((_, at) => at % 2 === 0);
    this.every *= 2;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.take(), this.every);
  }
}
