import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";

const DIAL_LIMIT_MS = 10_000;
// The server pings every 25 seconds; one that says nothing for so long is gone.
const SILENCE_MS = 60_000;
const MIN_DELAY_MS = 200;
const MAX_DELAY_MS = 5_000;

// Close codes of the server after which connecting again is of no use.
const REFUSALS: Record<number, string> = {
  4401: "the token has expired or its session was ended: sign in again, or POST /v1/auth/refresh",
  4403: "you are no member of the organization any more",
};

export interface StreamOptions {
  base: string;
  token: string;
  org: string;
  /** Takes each event, and the hello that begins the stream. The cursor moves once it has returned. */
  handle(frame: string): void;
  lost(why: string): void;
}

/** How a connection ended. */
interface Ending {
  why: string;
  greeted: boolean;
  final: boolean;
}

/** Follows an organization's events over lost connections: none is missed and none comes twice. */
export class Stream {
  /**
   * Of the last frame handled, and empty until there is one. A program that keeps it on disk, in one transaction with
   * what the events did, survives its own end as well.
   */
  cursor = "";

  readonly #options: StreamOptions;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Runs until the server refuses this token or organization, and then throws. */
  async follow(): Promise<never> {
    for (let delay = MIN_DELAY_MS; ; delay = Math.min(2 * delay, MAX_DELAY_MS)) {
      const { why, greeted, final } = await this.#connect();
      if (final) throw new Error(`the stream has ended: ${why}`);
      this.#options.lost(why);
      if (greeted) delay = MIN_DELAY_MS;
      // Between half of it and all of it, so that the clients of a server that restarts do not come all at once.
      await wait(delay / 2 + (Math.random() * delay) / 2);
    }
  }

  /** Follows one connection to its end. */
  #connect(): Promise<Ending> {
    return new Promise((resolve) => {
      const socket = this.#dial();
      const ending: Ending = { why: "", greeted: false, final: false };
      const silence = setTimeout(() => {
        ending.why = "the server has gone silent";
        socket.terminate();
      }, SILENCE_MS);
      socket.on("ping", () => silence.refresh());
      socket.on("message", (data) => {
        silence.refresh();
        ending.greeted = true;
        this.#take(data.toString());
      });
      socket.on("unexpected-response", (_request, response) => {
        const status = response.statusCode ?? 0;
        ending.why = `${this.#options.base} refused: ${status} ${response.statusMessage}`;
        ending.final = isFinal(status);
        socket.terminate();
      });
      socket.on("error", (error: Error & { code?: string }) => {
        ending.why ||= error.message || error.code || error.name;
      });
      socket.on("close", (code, reason) => {
        clearTimeout(silence);
        const refusal = REFUSALS[code];
        ending.final ||= refusal !== undefined;
        ending.why = refusal ?? (ending.why || `closed with ${code} ${reason}`.trimEnd());
        resolve(ending);
      });
    });
  }

  #dial(): WebSocket {
    const { base, token, org } = this.#options;
    const query = new URLSearchParams({ org_id: org });
    if (this.cursor !== "") query.set("cursor", this.cursor);
    const address = `${base.replace(/\/$/, "").replace(/^http/, "ws")}/ws?${query}`;
    // The token goes into a header: query strings end up in the logs of proxies.
    return new WebSocket(address, { headers: { Authorization: `Bearer ${token}` }, handshakeTimeout: DIAL_LIMIT_MS });
  }

  /**
   * Handles a frame and only then moves the cursor. The hello of a connection that goes on where the last one broke off
   * is no news.
   */
  #take(frame: string): void {
    const { type, cursor } = JSON.parse(frame) as { type: string; cursor?: string };
    if (type === "hello" && this.cursor !== "") return;
    this.#options.handle(frame);
    // After a resync the next connection begins anew; signals have no cursor either.
    if (cursor !== undefined || type === "resync") this.cursor = cursor ?? "";
  }
}

/** Tells a request that is wrong, such as one whose token has expired, from one that came at a bad moment. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
