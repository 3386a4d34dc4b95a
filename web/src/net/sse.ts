/** The messages of an event stream, by the rules of the HTML standard. */

/** One message; `id` is where to resume after it. */
export interface Message {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

const SILENCE = 40_000; // milliseconds without even a heartbeat (15 s apart) after which a line is taken for dead

/** Reads messages until the stream ends; a line that falls silent fails as if it were cut. */
export async function* messagesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Message> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let data: string[] = [];
  let id = "";
  try {
    for (;;) {
      const chunk = await beforeSilence(reader);
      if (chunk.done || signal.aborted) return;
      const lines = (rest + decoder.decode(chunk.value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (event || data.length || id) yield { event: event || "message", data: data.join("\n"), id };
          [event, data, id] = ["", [], ""];
          continue;
        }
        const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
        if (name === "event") event = value;
        else if (name === "data") data.push(value);
        else if (name === "id") id = value;
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function beforeSilence(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
  return new Promise((go, fail) => {
    const timer = setTimeout(() => fail(new TypeError("silent")), SILENCE);
    reader
      .read()
      .then(go, fail)
      .finally(() => clearTimeout(timer));
  });
}
